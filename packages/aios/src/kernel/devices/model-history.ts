import type { JournalEvent, ParsedArgsOf, ResultOf, Topic } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import { isModelCall } from "../model-call.ts";
import type { Parts } from "../parts.ts";
import type { ProcessRow } from "../ports.ts";
import type { Process } from "../process.ts";
import type { KernelCall } from "./device.ts";
import { seqBefore } from "./usage.ts";

type History = ResultOf<"llm.history">;

const PAGE = 1_000;
const ends: readonly Topic[] = ["syscall.completed", "syscall.failed"];

/** From the events, so that it reaches as far back as they are kept, whatever has become of the calls and processes. */
export async function modelHistory(args: ParsedArgsOf<"llm.history">, call: KernelCall): Promise<History> {
  const { parts, principal, signal } = call;
  const { outbox, journal } = parts;
  const { since, until = Infinity, limit } = args;
  await outbox.flushed();
  const tenant = seesAll(principal) ? undefined : principal.tenant;
  const query = { tenant, pid: principal.pid ?? undefined, topics: ends, limit: PAGE };
  const owners = new Map<string, Owner>();
  const calls: History["calls"] = [];
  for (let afterSeq = args.after || (await seqBefore(journal, since, outbox.events.seq)); !signal.aborted;) {
    const page = await journal.events({ ...query, afterSeq });
    for (const event of page) {
      if (event.atMs >= until) return { calls, next: null };
      afterSeq = event.seq;
      const found = event.atMs < since ? undefined : await historic(event, parts, owners);
      if (found && calls.push(found) >= limit) return { calls, next: afterSeq };
    }
    if (page.length < PAGE) break;
  }
  return { calls, next: null };
}

type Owner = Pick<Process | ProcessRow, "name" | "nice" | "class">;

/** Undefined for what came to no model: other syscalls, calls that were refused before, answers out of a cache. */
async function historic(
  event: JournalEvent,
  parts: Parts,
  owners: Map<string, Owner>,
): Promise<History["calls"][number] | undefined> {
  if (event.topic !== "syscall.completed" && event.topic !== "syscall.failed") return undefined;
  const { name, device, usage, timing } = event.body;
  if (event.pid === null || !isModelCall(name) || !device.includes("/")) return undefined;
  if (event.topic === "syscall.completed" && usage.inputTokens + usage.outputTokens === 0) return undefined;
  let owner = owners.get(event.pid);
  if (!owner) {
    owner = parts.processes.get(event.pid) ??
      (await parts.journal.process(event.pid)) ?? { name: event.pid, nice: 0, class: "batch" };
    owners.set(event.pid, owner);
  }
  return {
    call: event.body.call,
    pid: event.pid,
    process: owner.name,
    tenant: event.tenant,
    nice: owner.nice,
    class: owner.class,
    model: device,
    code: event.topic === "syscall.failed" ? event.body.code : null,
    usage,
    timing,
  };
}
