// A whole system to be killed and stopped, with two tools whose truth lies outside of it: `pay` must not happen twice, `note`
// may. node crash-kernel.ts <home> <folder of the truth> <lease in ms> [standby]; prints {waits} for each reason to wait,
// {url, key} once it listens. Exit code 6 with one sentence when another one took over, 1 when it cannot start.
import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { builtinTool } from "../../src/drivers/tool/builtin/builtin-tool.ts";

const [home, truth, leaseMs, standby] = process.argv.slice(2);
if (home === undefined || truth === undefined)
  throw new Error("usage: crash-kernel.ts <home> <truth> <lease> [standby]");
const config = configSchema.parse({
  server: { port: 0 },
  scheduler: { graceMs: 500 },
  // They write down what they did where the rounds read it, which no kernel's restart takes with it.
  sandbox: { modules: "at-large" },
  llms: { cores: [{ name: "sim", kind: "sim", slots: 8, fixed: { latencyMs: 2, tokenMs: 0 } }] },
});
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** A system call of the file's own: whole, at its end, and there when the process dies in the next moment. */
const tell = (file: string, line: readonly string[]): void => appendFileSync(join(truth, file), `${line.join(" ")}\n`);
const someTime = (signal: AbortSignal): Promise<void> => sleep(Math.random() * 12, undefined, { signal });

const tools = [
  builtinTool({
    name: "pay",
    description: "Pay for something. It must not be paid twice.",
    parameters: z.strictObject({ what: z.string() }),
    effect: "unsafe",
    async run({ what }, { signal, call }) {
      await someTime(signal);
      tell("paid", [call, what]);
      await someTime(signal);
      return `receipt ${what}`;
    },
  }),
  builtinTool({
    name: "note",
    description: "Note what something is.",
    parameters: z.strictObject({ about: z.string(), is: z.string() }),
    effect: "idempotent",
    async run({ about, is }, { signal }) {
      await someTime(signal);
      tell("noted", [about, is]);
      return "noted";
    },
  }),
];

const waiting = { signal: new AbortController().signal, tell: ({ message }: Error) => print({ waits: message }) };
try {
  await using system = await boot({
    home,
    config,
    tools,
    leaseMs: Number(leaseMs),
    ...(standby ? { standby: waiting } : {}),
  });
  process.once("SIGTERM", () => void system.client.sys.shutdown());
  print({ url: system.url, key: system.key });
  // Who is killed writes no cache at its end.
  flushCompileCache();
  const cause = await Promise.race([system.shutdownAsked, system.fenced]);
  if (cause) throw cause;
} catch (cause) {
  if (!isSysError(cause)) throw cause;
  process.stderr.write(`${cause.message}; ${cause.hint ?? ""}\n`);
  process.exitCode = cause.code === "ESTALE" ? 6 : 1;
}
