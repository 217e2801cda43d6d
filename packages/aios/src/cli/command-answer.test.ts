import { createClient } from "@aiosjs/sdk";
import { noUsage, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { Errno, SysEvent, Transport } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { answerFor } from "./command-answer.ts";
import type { CommandEntry } from "./command-answer.ts";

const entry = { pid: "p1" } as CommandEntry;
const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };

/** The way to kernels that refuse with these codes, one after the other, and then hear. */
function linkThrough(codes: readonly Errno[]) {
  const heard: string[] = [];
  const left = [...codes];
  const transport: Transport = {
    async *syscall(name) {
      await Promise.resolve();
      const code = left.shift();
      heard.push(code ?? name);
      const end: SysEvent = code
        ? { type: "syscall.failed", error: toProblem(new SysError(code, "refused")), usage: noUsage, timing }
        : { type: "syscall.completed", result: {}, usage: noUsage, timing };
      yield [end];
    },
  };
  const connect = () => Promise.resolve(createClient(transport));
  return { heard, link: { connect, url: () => Promise.resolve(""), startOf: () => "", kill: () => undefined } };
}

const end = { code: 0, signal: null, isAskedFor: false };

test("the end of a command is told until a kernel hears it: none whose disk is full, that stops, or was taken over from", async () => {
  const { heard, link } = linkThrough(["ENOSPC", "ECANCELED", "ESTALE"]);
  expect(await answerFor(entry, link).ended(end, { patienceMs: 60_000 })).toBe(true);
  expect(heard).toEqual(["ENOSPC", "ECANCELED", "ESTALE", "proc.exit"]);
});

test("a kernel that knows no such process is told once", async () => {
  const { heard, link } = linkThrough(["ESRCH"]);
  expect(await answerFor(entry, link).ended(end, { patienceMs: 60_000 })).toBe(true);
  expect(heard).toEqual(["ESRCH"]);
});
