import type { ProcessView } from "@aiosjs/sdk";
import { columnsOf } from "./columns.ts";
import type { Column } from "./columns.ts";
import { shortCost, shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";

/** What stands above the columns, and names of states and kinds, in the reader's language. */
export interface ProcessWords {
  readonly heading: Readonly<Record<ProcessColumn, string>>;
  readonly state: Readonly<Record<ProcessView["state"], string>>;
  readonly kind: Readonly<Record<ProcessView["kind"], string>>;
  readonly class: Readonly<Record<ProcessView["class"], string>>;
  /** The state of one that waits for a person's word. */
  readonly asking: string;
  /** The end of a process, short: `exit 1`. */
  readonly exit: (code: number | null, signal: string | null) => string;
}
type ProcessColumn =
  | "pid"
  | "name"
  | "kind"
  | "state"
  | "nice"
  | "class"
  | "model"
  | "calls"
  | "tokens"
  | "context"
  | "seen"
  | "wait"
  | "cost"
  | "uptime";

export interface ProcessTableState {
  readonly processes: readonly ProcessView[];
  /** Names of cores that no model answers on. */
  readonly simulatedCores: ReadonlySet<string>;
  /** Names of cores that give recorded answers. */
  readonly recordedCores?: ReadonlySet<string>;
  /** How many there are beside these. */
  readonly unseen?: number;
  readonly nowMs: number;
  readonly words: ProcessWords;
  readonly paint: Paint;
}

/**
 * One line per process under a heading. On a narrow terminal columns go by importance: uptime and kind first,
 * pid, name, state and calls last. Calls are counted as queued/running/done/failed.
 */
export function processTable(state: ProcessTableState, width: number, height: number): string[] {
  const lines = columnsOf(state.processes, columnsFor(state), width);
  const [heading = "", ...rows] = lines;
  const { unseen = 0, paint } = state;
  const room = Math.max(1, height - 1);
  const count = rows.length + unseen;
  const fitting = count > room || unseen > 0 ? rows.slice(0, room - 1) : rows;
  const shown = fitting.length < count ? [...fitting, paint.dim(`+${count - fitting.length}`)] : fitting;
  return [state.paint.dim(heading), ...shown];
}

/** Pids in a table: long enough to tell them apart, short enough to read; any unique prefix names a process. */
export const shortPid = (pid: string): string => pid.slice(0, 10);

type Marked = Pick<ProcessTableState, "simulatedCores" | "recordedCores">;

/** A model with the mark that every simulated one carries, and every recorded one. */
export function markedModel(model: string | null, { simulatedCores, recordedCores }: Marked): string {
  if (model === null) return "-";
  const [core = ""] = model.split("/");
  if (recordedCores?.has(core)) return `${model} (rec)`;
  return simulatedCores.has(core) && core !== "sim" ? `${model} (sim)` : model;
}

function columnsFor(state: ProcessTableState): Column<ProcessView>[] {
  const { simulatedCores, nowMs, words, paint } = state;
  const { heading } = words;
  const isSimulated = (row: ProcessView) => row.model !== null && simulatedCores.has(row.model.split("/")[0] ?? "");
  return [
    { title: heading.pid, text: (row) => shortPid(row.pid), rank: 1 },
    { title: heading.name, text: (row) => row.name, rank: 0, least: 8, paint: (text) => paint.strong(text) },
    { title: heading.kind, text: (row) => words.kind[row.kind], rank: 11 },
    { title: heading.state, text: (row) => stateText(row, words), rank: 2, paint: statePaint(paint) },
    { title: heading.nice, text: (row) => String(row.nice), align: "right", rank: 7 },
    { title: heading.class, text: (row) => words.class[row.class], rank: 10 },
    { title: heading.model, text: (row) => markedModel(row.model, state), rank: 6, least: 10 },
    {
      title: heading.calls,
      text: (row) => `${row.queued}/${row.running}/${row.done}/${row.failed}`,
      align: "right",
      rank: 3,
    },
    {
      title: heading.tokens,
      text: (row) => shortCount(row.usage.inputTokens + row.usage.outputTokens),
      align: "right",
      rank: 4,
    },
    { title: heading.context, text: contextText, align: "right", rank: 9, paint: contextPaint(paint) },
    // Where all is a person's own, there is nothing to tell.
    ...(state.processes.some(({ seen }) => seen.trust === "tool" || seen.trust === "untrusted")
      ? [{ title: heading.seen, text: seenText, rank: 9, paint: seenPaint(paint) }]
      : []),
    { title: heading.wait, text: (row) => shortTime(row.waitingMs), align: "right", rank: 5 },
    { title: heading.cost, text: (row) => shortCost(row.usage.costUsd, isSimulated(row)), align: "right", rank: 8 },
    {
      title: heading.uptime,
      text: (row) => shortTime((row.endedAt ?? nowMs) - row.startedAt),
      align: "right",
      rank: 12,
    },
  ];
}

/** `12.3k/32.8k`: what its last request had of what its model takes. */
const contextText = ({ context }: ProcessView): string =>
  context === null
    ? "-"
    : `${shortCount(context.tokens)}${context.maxTokens === null ? "" : `/${shortCount(context.maxTokens)}`}`;

/** How far what it has seen may be trusted; `~` where its own tools are outside of the gate, and no more is known. */
const seenText = ({ seen, labels }: ProcessView): string => `${labels === "observed" ? "~" : ""}${seen.trust}`;

const seenPaint =
  (paint: Paint) =>
  (text: string, { seen }: ProcessView): string =>
    seen.trust === "untrusted" ? paint.waiting(text) : text;

const contextPaint =
  (paint: Paint) =>
  (text: string, { context }: ProcessView): string =>
    context?.maxTokens && context.tokens > 0.8 * context.maxTokens ? paint.bad(text) : text;

function stateText(row: ProcessView, words: ProcessWords): string {
  if (row.state === "zombie" && row.exit) return words.exit(row.exit.code, row.exit.signal);
  return row.state === "blocked" && row.asks ? words.asking : words.state[row.state];
}

const statePaint =
  (paint: Paint) =>
  (text: string, row: ProcessView): string => {
    switch (row.state) {
      case "running":
        return paint.busy(text);
      case "blocked":
      case "ready":
        return paint.waiting(text);
      case "suspended":
        return paint.held(text);
      case "zombie":
        return row.exit?.code === 0 ? paint.good(text) : paint.bad(text);
      case "new":
        return text;
    }
  };
