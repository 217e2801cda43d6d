import { SysError } from "@aiosjs/sdk/protocol";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import { callRow } from "../call-row.ts";
import { spokenBy } from "../gate/speaker.ts";
import { textsIn } from "../gate/user-texts.ts";
import type { MessageRow, Principal } from "../ports.ts";
import type { Process } from "../process.ts";
import { expired, withDeadline } from "../with-deadline.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

type MailName = `proc.${"send" | "receive" | "sleep" | "wake" | "now" | "random" | "uuid"}`;

/** What processes say to each other, one to one; and time and chance, which a program that is replayed takes from here. */
export const mailDevice: KernelDevice<MailName> = {
  "proc.send": async ({ pid, body, timeoutMs }, call) => {
    const { parts, record } = call;
    const to = reachable(pid, call);
    const inbox = parts.mailbox.inbox(to);
    await patiently(call, { timeoutMs, what: `the inbox of ${pid} was still full` }, (signal) =>
      inbox.send(record, letterOf(body, call), signal),
    );
    return {};
  },

  "proc.receive": async ({ timeoutMs }, call) => {
    const { parts, record } = call;
    const row = await patiently(call, { timeoutMs, what: "no message came" }, (signal) =>
      parts.mailbox.inbox(record.process).take(record, signal),
    );
    if (!row) throw new SysError("ESRCH", `process ${record.process.pid} has ended`);
    return read(row, record);
  },

  "proc.sleep": async ({ ms, untilMs, key }, { parts, record, signal }) => {
    const atMs = ms === undefined ? untilMs : record.issuedAtMs + ms;
    if (!record.isIntended) parts.outbox.note({ kind: "call", row: callRow(record, "intent") });
    record.isIntended = true;
    const bed = key === undefined ? undefined : parts.sleepers.lieDown(record, key);
    try {
      const row = await withDeadline(parts, { atMs, signal }, (until) =>
        bed ? bed.take(record, until) : aborted(until),
      );
      if (row) record.see(row.label);
      return { wokenBy: "key" as const, value: row?.body ?? null };
    } catch (cause) {
      if (cause === expired) return { wokenBy: "time" as const, value: null };
      throw cause;
    } finally {
      if (bed) parts.sleepers.getUp(record);
    }
  },

  "proc.wake": async ({ key, value }, { parts, record, principal }) => {
    const pids: Pid[] = [];
    for (const sleeper of parts.sleepers.on(record.process.tenant, key)) {
      const process = parts.processes.get(sleeper.pid);
      if (!process || process.exit || !isReachable(process, record.process, { parts, principal })) continue;
      const sent = parts.sleepers.wake(record, sleeper, value ?? null);
      if (!sent) continue;
      await sent;
      pids.push(sleeper.pid);
    }
    return { pids };
  },

  "proc.now": (_args, { parts }) => ({ nowMs: parts.clock.nowMs() }),

  "proc.random": (_args, { parts }) => ({ value: parts.random.next() }),

  "proc.uuid": (_args, { parts: { random } }) => {
    const words = Array.from({ length: 8 }, () => Math.floor(random.next() * 0x1_00_00));
    // RFC 9562: version 4, variant 10.
    words[3] = ((words[3] as number) & 0x0f_ff) | 0x40_00;
    words[4] = ((words[4] as number) & 0x3f_ff) | 0x80_00;
    const text = words.map((word) => word.toString(16).padStart(4, "0")).join("");
    return { uuid: text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") };
  },
};

/** @throws SysError ESRCH for what has ended, and for what is not the caller's to see. */
export function reachable(pid: string, { parts, record, principal }: KernelCall): Process {
  const { parent } = record.process;
  const process = parent?.pid === pid ? parent : parts.processes.visible(pid, principal);
  if (process.exit)
    throw new SysError("ESRCH", `process ${pid} has ended`, { hint: "`aios ps` lists those that live" });
  return process;
}

const isReachable = (
  process: Process,
  caller: Process,
  { parts, principal }: Pick<KernelCall, "parts"> & { principal: Principal },
): boolean => caller.parent === process || parts.processes.isVisible(process, principal);

/** A message of this call. A tenant's key without a process of its own is nobody. */
export const letterOf = (body: unknown, { parts, record: { process } }: KernelCall) => ({
  from: process.kind === "kernel" ? null : process.pid,
  body,
  atMs: parts.clock.nowMs(),
  label: spokenBy(process),
});

/** The message, which its reader has seen. What nobody but a person sends is what a person says. */
export function read(
  { from, body, atMs, label }: MessageRow,
  record: CallRecord,
): { from: string | null; body: unknown; at: number } {
  record.see(label);
  if (from === null && label.trust === "user") for (const text of textsIn(body)) record.process.hears(text);
  return { from, body, at: atMs };
}

/** @throws SysError ETIMEDOUT, saying what was waited for. */
export async function patiently<Result>(
  { parts, signal }: KernelCall,
  { timeoutMs, what }: { timeoutMs: number | undefined; what: string },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const atMs = timeoutMs === undefined ? undefined : parts.clock.nowMs() + timeoutMs;
  try {
    return await withDeadline(parts, { atMs, signal }, work);
  } catch (cause) {
    if (cause === expired) throw new SysError("ETIMEDOUT", `${what} after ${timeoutMs} ms`);
    throw cause;
  }
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
