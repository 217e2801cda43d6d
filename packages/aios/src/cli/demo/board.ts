import type { CallView, Client, Limit, ProcessView } from "@aiosjs/sdk";
import type { DemoRow, Phase } from "../../tui/demo-pane.ts";
import { quantile } from "../../tui/figures.ts";
import { outcomeOf, recalledBy } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** One agent as far as the board knows it. */
interface Seat {
  readonly name: string;
  readonly pid: string;
  view: ProcessView | undefined;
  /** Since when it has been seen waiting; the kernel counts a wait when it is over. */
  waitingSinceMs: number | undefined;
  calls: CallView[];
  outcomes: Outcome[];
}

/** Something that happened to an agent: a line where nothing can be redrawn. */
interface Change {
  readonly name: string;
  readonly phase: Phase;
  readonly text: string;
}

interface Totals {
  readonly calls: number;
  readonly toolCalls: number;
  /** Notes that calls were given. */
  readonly recalled: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly tokens: number;
  readonly costUsd: number;
  /** Calls in the run queues now. */
  readonly waiting: number;
  /** Waiting of the model calls that have ended, in milliseconds. */
  readonly waits: readonly number[];
  readonly files: readonly { pid: string; path: string }[];
}

export interface BoardWords {
  /** Of an agent that stands still: `its 1700 tokens are spent`. */
  readonly spent: (limit: Limit) => string;
}

/** What twelve agents are at, kept up by asking the kernel what `ps` and `trace` ask. */
export interface Board {
  /** Looks again; returns what has changed since. */
  refresh(): Promise<readonly Change[]>;
  rows(): DemoRow[];
  totals(): Totals;
  /** Every agent has ended, or stands still at its limit. */
  isSettled(): boolean;
  /** Of one agent: the 50th percentile of its waiting. */
  medianWaitOf(name: string): number;
}

export function createBoard(
  client: Client,
  agents: readonly { name: string; pid: string }[],
  { spent }: BoardWords,
): Board {
  const seats = agents.map(({ name, pid }): Seat => ({
    name,
    pid,
    view: undefined,
    waitingSinceMs: undefined,
    calls: [],
    outcomes: [],
  }));
  const known = agents.map(({ pid }) => pid);

  const look = async (seat: Seat, view: ProcessView): Promise<Change[]> => {
    const before = seat.view;
    seat.view = view;
    seat.waitingSinceMs = phaseOf(view) === "waiting" ? (seat.waitingSinceMs ?? performance.now()) : undefined;
    const changes: Change[] = [];
    // Until all that has ended is in the journal: the process's own count runs ahead of it by a commit.
    if (seat.calls.length < view.done + view.failed) {
      const afterSeq = seat.calls.at(-1)?.seq ?? 0;
      const { calls } = await client.proc.trace({ pid: seat.pid, afterSeq });
      for (const call of calls) {
        if (call.state === "queued" || call.state === "running") break;
        seat.calls.push(call);
        const outcome = outcomeOf(call);
        if (!outcome) continue;
        seat.outcomes.push(outcome);
        changes.push({ name: seat.name, phase: "working", text: outcome.text });
      }
    }
    const phase = phaseOf(view);
    const isNew = !before || phaseOf(before) !== phase;
    if (isNew && (phase === "done" || phase === "held" || phase === "failed"))
      changes.push({ name: seat.name, phase, text: endOf(view, spent) });
    return changes;
  };

  return {
    async refresh() {
      const { processes } = await client.proc.list({ all: true, pids: known });
      const views = new Map(processes.map((view) => [view.pid, view]));
      const present = seats.flatMap((seat) => {
        const view = views.get(seat.pid);
        return view ? [{ seat, view }] : [];
      });
      const changes = await Promise.all(present.map(({ seat, view }) => look(seat, view)));
      return changes.flat();
    },
    rows: () => seats.map((seat) => rowOf(seat, spent)),
    totals: () => totalsOf(seats),
    isSettled: () =>
      seats.every(({ view }) => view && (view.state === "zombie" || (view.state === "suspended" && isAtLimit(view)))),
    medianWaitOf: (name) => quantile(seats.filter((seat) => seat.name === name).flatMap(waitsOf), 0.5),
  };
}

const isAtLimit = ({ on }: ProcessView): boolean => on?.startsWith("budget") ?? false;

function phaseOf(view: ProcessView): Phase {
  switch (view.state) {
    case "new":
      return "starting";
    case "ready":
      return "waiting";
    case "running":
      return "thinking";
    case "blocked":
      return view.done + view.failed > 0 ? "working" : "starting";
    case "suspended":
      return "held";
    case "zombie":
      return view.exit?.code === 0 ? "done" : "failed";
  }
}

function endOf({ exit, on, limits }: ProcessView, spent: BoardWords["spent"]): string {
  if (exit) return exit.code === 0 ? "" : exit.reason;
  const limit = limits.find(({ resource }) => on?.includes(resource));
  return limit ? spent(limit) : (on ?? "");
}

function rowOf(seat: Seat, spent: BoardWords["spent"]): DemoRow {
  const { name, view, outcomes, waitingSinceMs } = seat;
  if (!view) return { name, nice: 0, phase: "starting", last: "", calls: 0, tokens: 0, waitingMs: 0 };
  const phase = phaseOf(view);
  return {
    name,
    nice: view.nice,
    phase,
    last: phase === "failed" || phase === "held" ? endOf(view, spent) : lastOf(view, phase, outcomes),
    calls: waitsOf(seat).length,
    tokens: view.usage.inputTokens + view.usage.outputTokens,
    waitingMs: view.waitingMs + (waitingSinceMs === undefined ? 0 : performance.now() - waitingSinceMs),
  };
}

/** While it works the last tool call; at the end all that came out. */
function lastOf(view: ProcessView, phase: Phase, outcomes: readonly Outcome[]): string {
  if (phase !== "done") return outcomes.at(-1)?.text ?? "";
  const results = outcomes.map(({ result }) => result).filter((text) => text !== "");
  return results.length > 0 ? results.join(" · ") : answerText(view.exit?.result);
}

/** An answer that is no text: its texts, and how many there are of what is a list. */
function answerText(answer: unknown): string {
  if (typeof answer === "string") return answer.replace(/\s+/g, " ");
  if (typeof answer !== "object" || answer === null) return "";
  return Object.entries(answer)
    .map(([name, value]: [string, unknown]) =>
      Array.isArray(value) ? `${value.length} ${name}` : typeof value === "string" ? value.replace(/\s+/g, " ") : "",
    )
    .filter(Boolean)
    .join(" · ");
}

const waitsOf = ({ calls }: Seat): number[] =>
  calls.filter(({ name }) => name === "llm.chat").map(({ timing }) => timing.waitingMs);

function totalsOf(seats: readonly Seat[]): Totals {
  const views = seats.flatMap(({ view }) => view ?? []);
  const sum = (pick: (view: ProcessView) => number) => views.reduce((total, view) => total + pick(view), 0);
  const inputTokens = sum(({ usage }) => usage.inputTokens);
  const outputTokens = sum(({ usage }) => usage.outputTokens);
  const paths = seats.flatMap(({ pid, outcomes }) =>
    outcomes.flatMap(({ wrote }) => (wrote === undefined ? [] : [{ pid, path: wrote }])),
  );
  return {
    inputTokens,
    outputTokens,
    tokens: inputTokens + outputTokens,
    calls: seats.reduce((total, { calls }) => total + calls.filter(({ name }) => name === "llm.chat").length, 0),
    toolCalls: sum(({ toolCalls }) => toolCalls),
    recalled: seats.flatMap(({ calls }) => calls).reduce((total, call) => total + recalledBy(call), 0),
    costUsd: sum(({ usage }) => usage.costUsd),
    waiting: sum(({ queued }) => queued),
    waits: seats.flatMap(waitsOf),
    files: [
      ...new Map(
        paths.map((file) => [file.path.startsWith("/") ? file.path : `${file.pid}/${file.path}`, file]),
      ).values(),
    ],
  };
}
