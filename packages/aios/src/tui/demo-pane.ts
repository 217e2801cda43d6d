import { shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { fit, pad, widthOf } from "./width.ts";

/** What an agent of the demo is at. */
export type Phase = "starting" | "waiting" | "thinking" | "working" | "done" | "held" | "failed";

export interface DemoRow {
  readonly name: string;
  readonly nice: number;
  readonly phase: Phase;
  /** What it did last: the tool it used and what came out; at the end its answer. */
  readonly last: string;
  readonly calls: number;
  readonly tokens: number;
  readonly waitingMs: number;
}

export interface DemoWords {
  readonly title: string;
  /** What the agents share: the core, how many calls at once, how fast. Says so where it is a simulation. */
  readonly core: string;
  readonly heading: Readonly<Record<"agent" | "nice" | "state" | "last" | "calls" | "tokens" | "wait", string>>;
  readonly phase: Readonly<Record<Phase, string>>;
  readonly finished: (done: number, of: number) => string;
  readonly figures: (
    figures: Readonly<Record<"calls" | "toolCalls" | "waiting" | "wasted", number>> & { tokens: string },
  ) => string;
}

export interface DemoState {
  readonly rows: readonly DemoRow[];
  readonly elapsedMs: number;
  readonly calls: number;
  readonly toolCalls: number;
  readonly tokens: number;
  /** Calls in the run queue now. */
  readonly waiting: number;
  /** 429 answers of the upstream so far. */
  readonly wasted: number;
  readonly words: DemoWords;
  readonly paint: Paint;
}

const marks: Readonly<Record<Phase, string>> = {
  starting: "·",
  waiting: "○",
  thinking: "●",
  working: "◆",
  done: "✓",
  held: "‖",
  failed: "✗",
};
const margin = " ";

/** The main job as it runs: who waits, who thinks, who is done. Columns stay where they are from frame to frame. */
export function demoPane(state: DemoState, width: number, height: number): string[] {
  const { rows, words, paint } = state;
  const inner = Math.max(20, width - 2);
  const table = demoTable(state, inner);
  const done = rows.filter(({ phase }) => phase === "done" || phase === "held" || phase === "failed").length;
  const { calls, toolCalls, waiting, wasted, tokens } = state;
  const lines = [
    headline(words.title, shortTime(state.elapsedMs), { width: inner, paint }),
    paint.dim(fit(words.core, inner)),
    "",
    ...table,
    "",
    progress(done, rows.length, { words, paint, width: inner }),
    paint.dim(fit(words.figures({ calls, toolCalls, waiting, wasted, tokens: shortCount(tokens) }), inner)),
  ];
  // Little room: the blank lines go first, then what is cut off at the end of the table.
  const dense = lines.length > height ? lines.filter((line) => line !== "") : lines;
  const surplus = Math.max(0, dense.length - height);
  const shown = surplus === 0 ? dense : [...dense.slice(0, -2 - surplus), ...dense.slice(-2)];
  return shown.slice(0, height).map((line) => (line === "" ? "" : margin + line));
}

function headline(title: string, right: string, { width, paint }: { width: number; paint: Paint }): string {
  const room = width - widthOf(right) - 2;
  return `${paint.strong(pad(title, room))}  ${paint.dim(right)}`;
}

function progress(
  done: number,
  of: number,
  { words, paint, width }: { words: DemoWords; paint: Paint; width: number },
): string {
  const text = words.finished(done, of);
  const room = Math.max(4, Math.min(60, width - widthOf(text) - 2));
  const filled = of === 0 ? 0 : Math.round((room * done) / of);
  return `${paint.good("━".repeat(filled))}${paint.dim("─".repeat(room - filled))}  ${fit(text, width - room - 2)}`;
}

export function demoTable({ rows, words, paint }: DemoState, width: number): string[] {
  const { heading } = words;
  const nameWidth = Math.max(widthOf(heading.agent), ...rows.map(({ name }) => widthOf(name))) + 2;
  const phaseWidth = Math.max(widthOf(heading.state), ...Object.values(words.phase).map(widthOf));
  const figures = [
    { title: heading.nice, text: (row: DemoRow) => (row.nice === 0 ? "" : String(row.nice)), width: 4, rank: 1 },
    { title: heading.calls, text: (row: DemoRow) => String(row.calls), width: 5, rank: 2 },
    { title: heading.tokens, text: (row: DemoRow) => shortCount(row.tokens), width: 6, rank: 3 },
    { title: heading.wait, text: (row: DemoRow) => shortTime(row.waitingMs), width: 6, rank: 4 },
  ].map((figure) => ({ ...figure, width: Math.max(figure.width, widthOf(figure.title)) }));
  // At least 20 columns tell what came out; before that figures go, nice first.
  let shown = figures;
  const roomFor = () => width - nameWidth - phaseWidth - 4 - shown.reduce((sum, each) => sum + each.width + 2, 0);
  while (shown.length > 0 && roomFor() < 20) shown = shown.slice(1);
  const room = Math.max(1, roomFor());
  const line = (...cells: readonly string[]) => cells.join("  ").trimEnd();
  const head = line(
    pad(`  ${heading.agent}`, nameWidth),
    pad(heading.state, phaseWidth),
    pad(heading.last, room),
    ...shown.map((figure) => pad(figure.title, figure.width, "right")),
  );
  return [
    paint.dim(fit(head, width)),
    ...rows.map((row) =>
      line(
        `${markOf(row.phase, paint)} ${nameOf(row, pad(row.name, nameWidth - 2), paint)}`,
        paintMark(row.phase, pad(words.phase[row.phase], phaseWidth), paint),
        pad(row.last, room),
        ...shown.map((figure) => paint.dim(pad(figure.text(row), figure.width, "right"))),
      ),
    ),
  ];
}

const nameOf = (row: DemoRow, text: string, paint: Paint) => (row.phase === "starting" ? paint.dim(text) : text);

const markOf = (phase: Phase, paint: Paint): string => paintMark(phase, marks[phase], paint);

function paintMark(phase: Phase, text: string, paint: Paint): string {
  switch (phase) {
    case "starting":
      return paint.dim(text);
    case "waiting":
      return paint.waiting(text);
    case "thinking":
    case "working":
      return paint.busy(text);
    case "done":
      return paint.good(text);
    case "held":
      return paint.held(text);
    case "failed":
      return paint.bad(text);
  }
}
