import { SysError } from "@aiosjs/sdk/protocol";
import type { KernelDevice } from "./device.ts";
import { letterOf, patiently, reachable, read } from "./mail.ts";

/** Pipes between processes. */
export const pipeDevice: KernelDevice<`pipe.${"open" | "write" | "read" | "close"}`> = {
  "pipe.open": ({ to, capacity }, call) => {
    const { parts, record } = call;
    const end = to === undefined ? undefined : reachable(to, call);
    if (end === record.process) throw new SysError("EINVAL", "both ends of the pipe would be this process");
    return { pipe: parts.pipes.open(record, { to: end, capacity }) };
  },

  "pipe.write": async ({ pipe, body, timeoutMs }, call) => {
    const { parts, record } = call;
    const queue = parts.pipes.queueOf(pipe, record.process);
    await patiently(call, { timeoutMs, what: `pipe ${pipe} was still full` }, (signal) =>
      queue.send(record, letterOf(body, call), signal),
    );
    return {};
  },

  "pipe.read": async ({ pipe, timeoutMs }, call) => {
    const { parts, record } = call;
    const queue = parts.pipes.queueOf(pipe, record.process);
    const row = await patiently(call, { timeoutMs, what: `pipe ${pipe} was still empty` }, (signal) =>
      queue.take(record, signal),
    );
    return { isEnd: row === undefined, message: row ? read(row, record) : null };
  },

  "pipe.close": ({ pipe }, { parts, record }) => {
    parts.pipes.close(pipe, record);
    return {};
  },
};
