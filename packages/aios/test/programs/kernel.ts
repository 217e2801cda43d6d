// A kernel in a process of its own, to be killed: SQLite journal, simulated core, real files, real sockets.
// node kernel.ts <home>; prints {url, key} once it listens. Exit code 1 with one sentence when it cannot start.
import { join } from "node:path";
import { isSysError } from "@aiosjs/sdk/protocol";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createWorkspace } from "../../src/drivers/fs/workspace.ts";
import { acquireHomeLock } from "../../src/drivers/journal/home-lock.ts";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { createHost } from "../../src/drivers/proc/host.ts";
import { createLogs } from "../../src/drivers/proc/logs.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import { systemHash, systemRandom } from "../../src/drivers/random/system.ts";
import { createKernel } from "../../src/kernel/kernel.ts";
import { serve } from "../../src/server/server.ts";
import { testSettings } from "../rig.ts";

const home = process.argv[2];
if (home === undefined) throw new Error("usage: kernel.ts <home>");
const key = `aios_sk_rootroot_${"0".repeat(32)}`;

try {
  const lock = await acquireHomeLock(home);
  const cores = [createSimCore({ clock: realClock, slots: 8, fixed: { latencyMs: 2, tokenMs: 0 } })];
  const kernel = await createKernel({
    clock: realClock,
    random: systemRandom,
    hash: systemHash,
    journal: await openSqliteJournal({ path: join(home, "journal.db") }),
    settings: testSettings,
    cores,
    drivers: [createWorkspace({ root: join(home, "files") })],
    host: createHost(),
    logs: createLogs({ folder: join(home, "logs") }),
    programs: createPrograms({ folders: [] }),
    reload: () => Promise.resolve({ settings: testSettings, cores, changed: [], needRestart: [] }),
    onShutdown: () => undefined,
    rootKey: { token: key, tenant: "local" },
  });
  const server = await serve(kernel, { port: 0 });
  lock.publish({ url: server.url, version: testSettings.version });
  process.stdout.write(`${JSON.stringify({ url: server.url, key })}\n`);
} catch (cause) {
  if (!isSysError(cause)) throw cause;
  process.stderr.write(`${cause.message}; ${cause.hint ?? ""}\n`);
  process.exitCode = 1;
}
