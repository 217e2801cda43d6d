import { addUsage, noUsage } from "@aiosjs/sdk/protocol";
import type { JournalEvent, ParsedArgsOf, ResultOf, Topic } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import { civilDay } from "../civil-day.ts";
import { isModelCall } from "../model-call.ts";
import type { Parts } from "../parts.ts";
import type { Journal } from "../ports.ts";
import type { KernelCall } from "./device.ts";

type Row = ResultOf<"llm.usage">["rows"][number];
type By = ParsedArgsOf<"llm.usage">["by"];

const PAGE = 1_000;
const topics: readonly Topic[] = ["syscall.completed", "syscall.failed", "lane.refused"];

/** Sums over the journal's events, so that it holds across restarts, as far back as they are kept. */
export async function usageOf(
  { by, since }: ParsedArgsOf<"llm.usage">,
  { parts, principal, signal }: KernelCall,
): Promise<ResultOf<"llm.usage">> {
  await parts.outbox.flushed();
  const tenant = seesAll(principal) ? undefined : principal.tenant;
  const query = { tenant, pid: principal.pid ?? undefined, topics };
  const rows = new Map<string, Row>();
  let total = emptyRow("");
  for (let afterSeq = await seqBefore(parts.journal, since, parts.outbox.events.seq); !signal.aborted;) {
    const page = await parts.journal.events({ ...query, afterSeq, limit: PAGE });
    for (const event of page) {
      const key = event.atMs < since ? undefined : keyOf(event, by);
      if (key === undefined) continue;
      rows.set(key, added(rows.get(key) ?? emptyRow(key), event, parts));
      total = added(total, event, parts);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    afterSeq = last.seq;
  }
  const sorted = [...rows.values()].toSorted(
    by === "day"
      ? (left, right) => left.key.localeCompare(right.key)
      : (left, right) => tokensOf(right) - tokensOf(left) || left.key.localeCompare(right.key),
  );
  if (by === "process") for (const row of sorted) row.name = await nameOf(row.key, parts);
  return { rows: sorted, total };
}

/** The last event before `since`, by bisection: events are in order of time. */
export async function seqBefore(journal: Journal, since: number, lastSeq: number): Promise<number> {
  if (since === 0) return 0;
  let [from, to] = [0, lastSeq];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const [next] = await journal.events({ afterSeq: middle, limit: 1 });
    if (next && next.atMs < since) from = Math.min(to, next.seq);
    else to = middle;
  }
  return from;
}

/** The row that an event counts in; `undefined` for what is no model's. */
function keyOf(event: JournalEvent, by: By): string | undefined {
  const model = modelOf(event);
  if (model === undefined) return undefined;
  switch (by) {
    case "model":
      return model;
    case "process":
      return event.pid ?? undefined;
    case "tenant":
      return event.tenant;
    case "day":
      return civilDay(event.atMs);
  }
}

function modelOf(event: JournalEvent): string | undefined {
  if (event.topic === "lane.refused") return event.body.lane.replace(/#\d+\//, "/");
  if (event.topic !== "syscall.completed" && event.topic !== "syscall.failed") return undefined;
  // A call that never came to a model has no `core/model` yet.
  return isModelCall(event.body.name) && event.body.device.includes("/") ? event.body.device : undefined;
}

function added(row: Row, event: JournalEvent, { lanes }: Parts): Row {
  const model = modelOf(event) ?? "";
  const core = lanes.cores.find(({ name }) => name === model.slice(0, model.indexOf("/")));
  const isFirst = row.done + row.failed + row.refused === 0;
  const isSimulated = (isFirst || row.isSimulated) && core?.isSimulated === true;
  if (event.topic === "lane.refused") return { ...row, isSimulated, refused: row.refused + 1 };
  if (event.topic !== "syscall.completed" && event.topic !== "syscall.failed") return row;
  const usage = addUsage(row.usage, event.body.usage);
  if (event.topic === "syscall.completed") return { ...row, isSimulated, usage, done: row.done + 1 };
  return { ...row, isSimulated, usage, failed: row.failed + 1 };
}

const emptyRow = (key: string): Row => ({ key, isSimulated: false, done: 0, failed: 0, refused: 0, usage: noUsage });

const tokensOf = ({ usage }: Row): number => usage.inputTokens + usage.outputTokens;

async function nameOf(pid: string, { processes, journal }: Parts): Promise<string> {
  return processes.get(pid)?.name ?? (await journal.process(pid as never))?.name ?? "";
}
