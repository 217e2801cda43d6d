// A whole system in a process of its own, to be killed: SQLite journal, simulated core, real files, real sockets.
// node kernel.ts <home>; prints {url, key} once it listens. Exit code 1 with one sentence when it cannot start.
import { isSysError } from "@aiosjs/sdk/protocol";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";

const home = process.argv[2];
if (home === undefined) throw new Error("usage: kernel.ts <home>");
const config = configSchema.parse({
  server: { port: 0 },
  llms: { cores: [{ name: "sim", kind: "sim", slots: 8, fixed: { latencyMs: 2, tokenMs: 0 } }] },
});

try {
  const { url, key } = await boot({ home, config });
  process.stdout.write(`${JSON.stringify({ url, key })}\n`);
} catch (cause) {
  if (!isSysError(cause)) throw cause;
  process.stderr.write(`${cause.message}; ${cause.hint ?? ""}\n`);
  process.exitCode = 1;
}
