import type { Client, HistoricCall } from "@aiosjs/sdk";
import { summarize } from "../../bench/sched/metrics.ts";
import type { Summary } from "../../bench/sched/metrics.ts";
import { whatIf, workloadOf } from "../../bench/sched/recorded.ts";
import type { ProcessOutcome, WhatIf } from "../../bench/sched/recorded.ts";
import { shortTime } from "../../tui/figures.ts";
import { shortPid } from "../../tui/process-table.ts";
import { wrap } from "../../tui/width.ts";
import { CliError, usage } from "../cli-error.ts";
import { replayText } from "../messages/replay.ts";
import { stateText } from "../messages/state.ts";
import type { ContextOf } from "../registry.ts";
import { instantOf } from "../since.ts";
import { table } from "../table.ts";

type Context = ContextOf<"replay">;

const PAGE = 5_000;
/** Calls that are simulated at most; a hundred thousand take about half a minute a policy. */
const MOST = 200_000;
/** Processes that are told of: those whose calls change most. */
const MOST_CHANGED = 10;
const WIDTH_OF_TEXT = 100;

/** What would have become of the recorded calls under another policy: a simulation over their durations. */
export async function run(context: Context): Promise<void> {
  const { options, t } = context;
  const { policy } = options;
  if (context.args.pid !== undefined) {
    if (policy !== undefined) throw new CliError(usage, t(stateText.notBoth));
    return (await import("../replay-process.ts")).replayProcess(context, context.args.pid);
  }
  if (policy === undefined) throw new CliError(usage, t(replayText.noPolicy), { hint: t(replayText.noPolicyHint) });
  const client = await context.client();
  const [{ policy: present }, { lanes }, { config }, calls] = await Promise.all([
    client.sys.status(),
    client.llm.lanes(),
    context.config(),
    recordedCalls(client, context),
  ]);
  if (calls.length === 0) {
    context.say(t(replayText.noCalls));
    context.result({ isSimulation: true, policy, present, calls: 0 }, () => "");
    return;
  }
  if (calls.length >= MOST) context.say(t(replayText.cut, { count: MOST }));
  const workload = workloadOf(calls, lanes);
  const counts = { calls: calls.length, processes: workload.plans.length };
  context.say(t(replayText.working, { ...counts, present, policy }));
  const { weights, ageMs, maxConcurrent, defaultTimeoutMs } = config.scheduler;
  const settings = { weights, ageMs, maxConcurrent, defaultTimeoutMs };
  const before = await whatIf(workload, { ...settings, policy: present });
  context.signal.throwIfAborted();
  const after = policy === present ? before : await whatIf(workload, { ...settings, policy });
  const recorded = {
    waitingMs: summarize(calls.map(({ timing }) => timing.waitingMs)),
    turnaroundMs: summarize(calls.map(({ timing }) => timing.turnaroundMs)),
  };
  const instants = calls.map(({ timing }) => timing.queuedAt);
  const [fromMs, toMs] = [instants.reduce((a, b) => Math.min(a, b)), instants.reduce((a, b) => Math.max(a, b))];
  const changes = changesOf(calls, before, after);
  const guessed = workload.models.filter(({ isGuessed }) => isGuessed).map(({ model }) => model);
  const data = {
    isSimulation: true,
    present,
    policy,
    ...counts,
    from: fromMs,
    to: toMs,
    recorded,
    before: figuresOf(before),
    after: figuresOf(after),
    changes,
    models: workload.models,
  };
  context.result(data, () => {
    const width = Math.min(context.width, WIDTH_OF_TEXT);
    const dayOf = (ms: number) => new Date(ms).toLocaleString(context.lang, { dateStyle: "short", timeStyle: "short" });
    const headline = t(replayText.headline, { ...counts, from: dayOf(fromMs), to: dayOf(toMs) });
    const notes = [
      t(replayText.note),
      ...(guessed.length > 0 ? [t(replayText.guessed, { models: guessed.join(", ") })] : []),
      ...(after.failed > 0 ? [t(replayText.failed, { count: after.failed, policy })] : []),
    ];
    return [
      ...wrap(headline, width).map((line) => context.paint.strong(line)),
      "",
      summaryTable(context, { recorded, before, after, names: { present, policy } }),
      ...(changes.length > 0 ? ["", processTable(context, changes, { present, policy })] : []),
      "",
      ...notes.flatMap((note) => wrap(note, width)),
    ].join("\n");
  });
}

async function recordedCalls(client: Client, context: Context): Promise<HistoricCall[]> {
  const [since, until] = [instantOf(context.options.since, context), instantOf(context.options.until, context)];
  const span = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  const calls: HistoricCall[] = [];
  for (let after = 0; calls.length < MOST;) {
    const page = await client.llm.history({ ...span, after, limit: PAGE }, { signal: context.signal });
    calls.push(...page.calls);
    if (page.next === null) break;
    after = page.next;
  }
  return calls;
}

const figuresOf = ({ waitingMs, turnaroundMs, failed }: WhatIf) => ({ waitingMs, turnaroundMs, failed });

interface Change {
  readonly pid: string;
  readonly process: string;
  readonly calls: number;
  /** Mean turnaround of its calls. */
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** Those whose calls gain or lose most, all of them together. */
function changesOf(calls: readonly HistoricCall[], before: WhatIf, after: WhatIf): Change[] {
  const nameOf = new Map(calls.map(({ pid, process }) => [pid, process]));
  const mean = (outcome: ProcessOutcome | undefined) => (outcome ? outcome.turnaroundMs / outcome.calls : 0);
  return [...before.processes.values()]
    .map((outcome) => ({
      pid: outcome.pid,
      process: nameOf.get(outcome.pid) ?? outcome.pid,
      calls: outcome.calls,
      beforeMs: mean(outcome),
      afterMs: mean(after.processes.get(outcome.pid)),
    }))
    .filter(({ beforeMs, afterMs }) => Math.abs(afterMs - beforeMs) >= 1)
    .toSorted((left, right) => weightOf(right) - weightOf(left))
    .slice(0, MOST_CHANGED);
}

const weightOf = ({ calls, beforeMs, afterMs }: Change): number => calls * Math.abs(afterMs - beforeMs);

type Pair = Record<"waitingMs" | "turnaroundMs", Summary>;
type Names = { readonly present: string; readonly policy: string };

function summaryTable(
  context: Context,
  { recorded, before, after, names }: { recorded: Pair; before: Pair; after: Pair; names: Names },
): string {
  const { t, paint } = context;
  const rows = (["waitingMs", "turnaroundMs"] as const).flatMap((figure) =>
    (["mean", "p50", "p95"] as const).map((part) => ({
      name: t(replayText[part], { what: t(figure === "waitingMs" ? replayText.waiting : replayText.turnaround) }),
      recorded: recorded[figure][part],
      before: before[figure][part],
      after: after[figure][part],
    })),
  );
  type Row = (typeof rows)[number];
  const time = (title: string, rank: number, pick: (row: Row) => number) =>
    ({ title, rank, text: (row: Row) => shortTime(pick(row)), align: "right" }) as const;
  return table(
    rows,
    [
      { title: t(replayText.milliseconds), text: ({ name }) => name, rank: 0 },
      time(t(replayText.recorded), 3, (row) => row.recorded),
      time(t(replayText.now, { policy: names.present }), 1, (row) => row.before),
      time(names.policy, 0, (row) => row.after),
      {
        title: t(replayText.change),
        text: (row) => changeText(row.before, row.after),
        rank: 2,
        align: "right",
        paint: (text, row) => painted(text, row, paint),
      },
    ],
    context,
  );
}

function processTable(context: Context, changes: readonly Change[], names: Names): string {
  const { t, paint } = context;
  return table(
    changes,
    [
      { title: t(replayText.process), text: ({ pid, process }) => `${process} ${shortPid(pid)}`, rank: 0, least: 12 },
      { title: t(replayText.calls), text: ({ calls }) => String(calls), rank: 3, align: "right" },
      {
        title: t(replayText.now, { policy: names.present }),
        text: ({ beforeMs }) => shortTime(beforeMs),
        rank: 1,
        align: "right",
      },
      { title: names.policy, text: ({ afterMs }) => shortTime(afterMs), rank: 0, align: "right" },
      {
        title: t(replayText.change),
        text: ({ beforeMs, afterMs }) => changeText(beforeMs, afterMs),
        rank: 2,
        align: "right",
        paint: (text, { beforeMs, afterMs }) => painted(text, { before: beforeMs, after: afterMs }, paint),
      },
    ],
    context,
  );
}

/** `-38 %`; nothing where there is nothing to compare with. */
function changeText(before: number, after: number): string {
  if (before === 0) return after === 0 ? "=" : "";
  const percent = Math.round((after / before - 1) * 100);
  return percent === 0 ? "=" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

const painted = (text: string, { before, after }: { before: number; after: number }, paint: Context["paint"]): string =>
  after < before * 0.995 ? paint.good(text) : after > before * 1.005 ? paint.bad(text) : text;
