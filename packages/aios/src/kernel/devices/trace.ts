import { specOf } from "@aiosjs/sdk/protocol";
import type { CallView, ParsedArgsOf, ResultOf, SyscallName, Topic } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import type { Process } from "../process.ts";
import { filterOf } from "./call-filter.ts";
import { viewOfEnd, viewOfRecord, viewOfRow } from "./call-view.ts";
import type { CallEnd } from "./call-view.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

type Args = ParsedArgsOf<"proc.trace">;
type Trace = ResultOf<"proc.trace">;

/** Rows that are read from the journal at once: of one process, and of each process of a tree. */
const PAGE = 500;
const TREE_PAGE = 50;
const ends: readonly Topic[] = ["syscall.completed", "syscall.failed", "process.exited"];
const turns: readonly Topic[] = [
  "process.spawned",
  "process.signalled",
  "process.suspended",
  "process.resumed",
  "process.exited",
  "process.rolled-back",
  "process.forked",
  "process.restored",
  "budget.exhausted",
  "context.compacted",
];

export const traceDevice: KernelDevice<"proc.trace" | "proc.history"> = {
  "proc.trace": (args, call) => {
    const root = call.parts.processes.visible(args.pid, call.principal);
    return args.endedAfter === undefined ? pageOf(args, root, call) : endedOf(args, root, call);
  },

  "proc.history": async ({ pid, after, limit, wait }, { parts, principal, signal }) => {
    const process = parts.processes.visible(pid, principal);
    const { outbox, journal } = parts;
    const query = { afterSeq: after, tenant: process.tenant, pid: process.pid, topics: turns };
    const upTo = outbox.events.seq;
    await outbox.flushed();
    let events = await journal.events({ ...query, limit });
    if (events.length === 0 && wait && !process.exit)
      for await (const batch of outbox.events.follow({ ...query, afterSeq: Math.max(after, upTo) }, signal)) {
        events = batch;
        break;
      }
    signal.throwIfAborted();
    return {
      events: events.map(({ seq, topic, atMs, body }) => ({
        seq,
        topic,
        pid: process.pid,
        at: atMs,
        body: { ...body },
      })),
      cursor: events.at(-1)?.seq ?? Math.max(after, upTo),
      hasEnded: process.exit !== null && events.length === 0,
    };
  },
};

/** The calls of a process, or of a tree merged by time, after the places where the page before stopped. */
async function pageOf(args: Args, root: Process, call: KernelCall): Promise<Trace> {
  const { outbox } = call.parts;
  const cursor = outbox.events.seq;
  await outbox.flushed();
  const places: Record<string, number> = { [root.pid]: args.afterSeq, ...args.after };
  const isWanted = filterOf(args);
  const heads: { calls: AsyncIterator<CallView>; next: CallView }[] = [];
  for (const process of args.tree ? root.tree() : [root]) {
    const calls = wantedCalls(process, { afterSeq: places[process.pid] ?? 0, args, isWanted, call });
    const first = await calls.next();
    if (first.done !== true) heads.push({ calls, next: first.value });
  }
  const found: CallView[] = [];
  while (heads.length > 0 && found.length < args.limit) {
    const head = heads.reduce((least, each) => (isBefore(each.next, least.next) ? each : least));
    found.push(head.next);
    places[head.next.pid] = head.next.seq;
    const following = await head.calls.next();
    if (following.done === true) heads.splice(heads.indexOf(head), 1);
    else head.next = following.value;
  }
  return { calls: found, next: heads.length > 0 ? places : null, cursor, hasEnded: isOver(root, args.tree) };
}

const isBefore = (left: CallView, right: CallView): boolean =>
  left.timing.queuedAt < right.timing.queuedAt ||
  (left.timing.queuedAt === right.timing.queuedAt && left.pid === right.pid && left.seq < right.seq);

interface Reading {
  readonly afterSeq: number;
  readonly args: Args;
  readonly isWanted: (call: CallView) => boolean;
  readonly call: KernelCall;
}

/** In order of arrival: those of the journal, and between them those that are under way and not there yet. */
async function* wantedCalls(process: Process, { afterSeq, args, isWanted, call }: Reading): AsyncGenerator<CallView> {
  const { journal, hash } = call.parts;
  const limit = args.tree ? TREE_PAGE : PAGE;
  const open = openCalls(process).filter(({ seq }) => seq > afterSeq);
  for (let from = afterSeq; !call.signal.aborted;) {
    const rows = await journal.calls({ tenant: process.tenant, pid: process.pid, afterSeq: from, limit });
    for (const row of rows) {
      while (open[0] && open[0].seq < row.seq) {
        const view = viewOfRecord(open.shift() as CallRecord);
        if (isWanted(view)) yield view;
      }
      const record = open[0]?.call === row.call ? open.shift() : undefined;
      const view =
        record && row.state === "intent" ? viewOfRecord(record) : viewOfRow(row, args.digests ? hash : undefined);
      if (isWanted(view)) yield view;
    }
    if (rows.length < limit) break;
    from = rows.at(-1)?.seq ?? from;
  }
  for (const view of open.map(viewOfRecord)) if (isWanted(view)) yield view;
}

/** What asks about the kernel's tables is on no record, and in no trace. */
const openCalls = (process: Process): CallRecord[] =>
  [...process.calls]
    .filter(({ name }) => specOf(name as SyscallName).isView !== true)
    .toSorted((left, right) => left.seq - right.seq);

/** Waits for calls that end; those that ended since are told at once. */
async function endedOf(args: Args, root: Process, call: KernelCall): Promise<Trace> {
  const { outbox, journal } = call.parts;
  const isWanted = filterOf(args);
  const pid = args.tree ? undefined : root.pid;
  const query = { afterSeq: args.endedAfter ?? 0, tenant: root.tenant, pid, topics: ends };
  const isMember = (of: string | null): boolean =>
    of === root.pid || call.parts.processes.get(of ?? "")?.isUnder(root) === true;
  const viewsOf = async (events: readonly { topic: Topic; pid: string | null }[]): Promise<CallView[]> => {
    const views: CallView[] = [];
    for (const event of events) {
      if (event.topic === "process.exited" || !isMember(event.pid)) continue;
      const view = await viewOf(event as CallEnd, args.digests, call);
      if (view && isWanted(view)) views.push(view);
    }
    return views;
  };
  let cursor = query.afterSeq;
  if (isOver(root, args.tree)) {
    await outbox.flushed();
    const events = await journal.events({ ...query, limit: PAGE });
    cursor = events.at(-1)?.seq ?? cursor;
    return { calls: await viewsOf(events), next: null, cursor, hasEnded: events.length < PAGE };
  }
  for await (const batch of outbox.events.follow(query, call.signal)) {
    cursor = batch.at(-1)?.seq ?? cursor;
    const calls = await viewsOf(batch);
    if (calls.length > 0 || isOver(root, args.tree)) return { calls, next: null, cursor, hasEnded: false };
  }
  throw call.signal.reason;
}

/** Its record says it before the journal does. */
async function viewOf(
  end: CallEnd,
  hasDigests: boolean,
  { parts, findCall }: KernelCall,
): Promise<CallView | undefined> {
  const record = hasDigests ? undefined : findCall(end.body.call);
  if (record) return viewOfEnd(end, record);
  await parts.outbox.flushed();
  const row = await parts.journal.call(end.body.call);
  return row && viewOfRow(row, hasDigests ? parts.hash : undefined);
}

/** Nobody of it lives any more, and what it called has ended. A call ends with its event, a moment before its record goes. */
function isOver(root: Process, isTree: boolean): boolean {
  for (const process of isTree ? root.tree() : [root])
    if (
      !process.exit ||
      openCalls(process).some(({ completion, state }) => completion === undefined && state !== "ended")
    )
      return false;
  return true;
}
