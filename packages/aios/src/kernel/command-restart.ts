import { isTerminal, SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { isUnsafe } from "./call-row.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import type { Process } from "./process.ts";
import { Replay } from "./replay.ts";

/**
 * A new incarnation of a command that has died: its old key is void, and identical requests get the recorded answers. What it
 * left under way ends first: effects that cannot be called back run to their end, so that they are on record. The kernel starts
 * nothing; the parent that asks does, once it has the new key.
 */
export async function restartCommand(
  process: Process,
  { parts, lifecycle, record }: { parts: Parts; lifecycle: Lifecycle; record: CallRecord },
): Promise<{ key: string; incarnation: number }> {
  const { approvals, keys, outbox, retries, toolbox } = parts;
  const revoked = keys.list().flatMap((row) => (row.pid === process.pid ? (keys.revoke(row.id) ?? []) : []));
  for (const child of process.children)
    if (child.kind === "command") for (const one of child.tree()) lifecycle.signal(one, "kill", null);
  const over = new SysError("ECANCELED", `process ${process.pid} is started again`);
  await Promise.all([...process.calls].map((call) => ended(call, { over, approvals, toolbox })));
  const rows = await lifecycle.incarnations.recordedOf(process);
  if (process.exit) throw new SysError("ESRCH", `process ${process.pid} has ended: ${process.exit.reason}`);
  const { row, token } = keys.create({
    tenant: process.tenant,
    pid: process.pid,
    scopes: process.capabilities,
    limits: [],
  });
  retries.forget(process);
  process.key = row.id;
  process.host = null;
  process.isInterrupted = false;
  process.incarnation++;
  process.replay = new Replay(rows);
  const { incarnation } = process;
  const isVoid = revoked.map((key) => ({ kind: "key" as const, row: key }));
  record.settles.push((isDone) => isDone || outbox.note(...isVoid));
  record.effects.push(
    ...isVoid,
    { kind: "key", row },
    { kind: "process", row: process.row() },
    outbox.eventRecord("process.restarted", process, { incarnation, calls: rows.length }),
  );
  return { key: token, incarnation };
}

async function ended(
  call: CallRecord,
  { over, approvals, toolbox }: { over: SysError } & Pick<Parts, "approvals" | "toolbox">,
): Promise<void> {
  const isUnderWay = call.state === "running" && call.device !== "kernel";
  // A question to a person stays open for the next incarnation.
  call.isLeft ||= approvals.of(call.call) !== undefined;
  if (!isUnderWay || !isUnsafe(call, toolbox)) call.cancel(over);
  for await (const batch of call.subscribe()) if (batch.some(isTerminal)) return;
}
