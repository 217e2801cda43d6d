import { fileURLToPath } from "node:url";
import { noUsage } from "@aiosjs/sdk/protocol";
import type { SysEvent, Transport } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { ProgramContext } from "../../kernel/ports.ts";
import { runModule } from "./modules.ts";

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../test/programs/modules/${name}.ts`, import.meta.url));

async function run(name: string) {
  const asked: unknown[] = [];
  const printed: string[] = [];
  const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };
  const last: SysEvent = { type: "syscall.completed", result: { nowMs: 0 }, usage: noUsage, timing };
  const transport: Transport = {
    async *syscall(_name, _args, options = {}) {
      asked.push({ ...options, signal: undefined });
      yield await Promise.resolve([last]);
    },
  };
  const context = {
    pid: "p1",
    transport,
    signal: new AbortController().signal,
    print: (text: string) => void printed.push(text),
    started: () => undefined,
    quiet: () => undefined,
  } as unknown as ProgramContext;
  return { result: await runModule(context, { file: file(name), task: "" }), asked, printed: printed.join("") };
}

test("a module calls as itself, whatever it says of itself, and what is no call is not heard", async () => {
  const { result, asked } = await run("chatterbox");
  expect({ result, asked }).toEqual({ result: "said", asked: [{ nice: 3, replayKey: "main#0", signal: undefined }] });
});

test("a module has ended when it has returned, though what it has left running holds its output open", async () => {
  const { result, printed } = await run("parent");
  process.kill(result as number, "SIGKILL");
  expect(printed).toBe("left one\n");
});
