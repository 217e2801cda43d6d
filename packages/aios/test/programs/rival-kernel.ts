// One of several kernels on one home, to be stopped and continued: SQLite journal, simulated core, real files and sockets.
// node rival-kernel.ts <home> <lease in ms> [standby]; prints {waits} for each reason to wait, {url, key} once it listens.
// Exit code 6 with one sentence when another one took over.
import { isSysError } from "@aiosjs/sdk/protocol";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";

const [home, leaseMs, standby] = process.argv.slice(2);
if (home === undefined) throw new Error("usage: rival-kernel.ts <home> <lease in ms> [standby]");
const config = configSchema.parse({
  server: { port: 0 },
  llms: { cores: [{ name: "sim", kind: "sim", slots: 8, fixed: { latencyMs: 2, tokenMs: 0 } }] },
});
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  await using system = await boot({
    home,
    config,
    leaseMs: Number(leaseMs),
    ...(standby
      ? { standby: { signal: new AbortController().signal, tell: ({ message }) => print({ waits: message }) } }
      : {}),
  });
  print({ url: system.url, key: system.key });
  const cause = await Promise.race([system.shutdownAsked, system.fenced]);
  if (cause) throw cause;
} catch (cause) {
  if (!isSysError(cause)) throw cause;
  process.stderr.write(`${cause.message}; ${cause.hint ?? ""}\n`);
  process.exitCode = cause.code === "ESTALE" ? 6 : 1;
}
