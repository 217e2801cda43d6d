import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import { createFileTools } from "../../boot-files.ts";
import { createVirtualClock } from "../../drivers/clock/virtual.ts";
import { createDisk } from "../../drivers/fs/disk.ts";
import { createMemoryJournal } from "../../drivers/journal/memory.ts";
import { systemHash, systemRandom } from "../../drivers/random/system.ts";
import { createKernel } from "../../kernel/kernel.ts";
import type { Principal } from "../../kernel/ports.ts";
import { benchSettings } from "../tool-kernel.ts";

/** A kernel in this process that keeps files and finds them, at whatever time it is told to be. */
export interface FileKernel extends AsyncDisposable {
  readonly fs: Client["fs"];
  /** Time never goes back. */
  readonly isNow: (ms: number) => Promise<void>;
}

const root: Principal = { tenant: asTenantId("local"), key: asKeyId("bench"), pid: null, scopes: ["*"] };
const nothing = (): Promise<never> => Promise.reject(new Error("no programs in a benchmark"));

/** Its journal and its index are in memory, its files in a folder that goes with it. */
export async function openFileKernel(): Promise<FileKernel> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "aios-bench-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const clock = createVirtualClock();
  const journal = opened.use(createMemoryJournal());
  const fileTools = opened.use(createFileTools({ clock, calendar: { timeZone: "UTC" } }));
  const kernel = opened.use(
    await createKernel({
      clock,
      random: systemRandom,
      hash: systemHash,
      journal,
      settings: benchSettings,
      cores: [],
      drivers: [],
      disk: createDisk({ root: folder }),
      fileTools,
      host: { signal: () => false, isAlive: () => false, isWithin: () => false },
      logs: { append: () => undefined, read: async function* () {} },
      programs: { find: nothing, run: nothing },
      reload: nothing,
      onShutdown: () => undefined,
    }),
  );
  const rest = opened.move();
  return {
    fs: createClient(kernel.transport(root)).fs,
    isNow: (ms) => (ms > clock.nowMs() ? clock.run(ms) : Promise.resolve()),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
