import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import { createFileTools } from "../../boot-files.ts";
import { createNoteTools } from "../../boot-notes.ts";
import { realClock } from "../../drivers/clock/real.ts";
import { createVirtualClock } from "../../drivers/clock/virtual.ts";
import { createDisk } from "../../drivers/fs/disk.ts";
import { createMemoryJournal } from "../../drivers/journal/memory.ts";
import { createPrograms } from "../../drivers/proc/programs.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { systemHash } from "../../drivers/random/system.ts";
import { createKernel } from "../../kernel/kernel.ts";
import type { Clock, Core, Principal, Toolbox } from "../../kernel/ports.ts";
import { benchSettings } from "../tool-kernel.ts";

/**
 * A whole kernel in this process with one world as its tools. Time is virtual, but for what waits for a disk or a thread: there
 * the true time passes.
 */
export interface WorldKernel extends AsyncDisposable {
  readonly clock: Clock;
  /** Lets time pass until it has settled. */
  readonly until: <Value>(promise: Promise<Value>) => Promise<Value>;
  /** A person with all rights. */
  readonly person: Client;
}

export interface WorldKernelOptions {
  readonly core: Core;
  readonly toolbox: Toolbox;
  /** Default: the shipped one. */
  readonly policy: AccessPolicy | undefined;
  readonly seed: number;
  /** What agents keep between sessions. Default: nothing. */
  readonly keeps?: "notes" | "files" | undefined;
}

const root: Principal = { tenant: asTenantId("local"), key: asKeyId("bench"), pid: null, scopes: ["*"] };
const nothing = (): Promise<never> => Promise.reject(new Error("no configuration in a benchmark"));

export async function openWorldKernel(options: WorldKernelOptions): Promise<WorldKernel> {
  const { core, toolbox, policy, seed, keeps } = options;
  await using opened = new AsyncDisposableStack();
  const virtual = keeps ? undefined : createVirtualClock(1_780_000_000_000, { awaits: "promises" });
  const clock = virtual ?? realClock;
  const journal = opened.use(createMemoryJournal());
  const notes = keeps === "notes" ? opened.use(createNoteTools()) : undefined;
  const files = keeps === "files" ? await openFiles(opened, clock) : {};
  const kernel = opened.use(
    await createKernel({
      clock,
      random: createSeededRandom(seed),
      hash: systemHash,
      journal,
      settings: { ...benchSettings, accessPolicy: policy },
      cores: [core],
      drivers: [toolbox],
      notes,
      ...files,
      host: { signal: () => false, isAlive: () => false, isWithin: () => false },
      logs: { append: () => undefined, read: async function* () {} },
      programs: createPrograms({ folders: [] }),
      reload: nothing,
      onShutdown: () => undefined,
    }),
  );
  const rest = opened.move();
  return {
    clock,
    until: (promise) => virtual?.run(promise) ?? promise,
    person: createClient(kernel.transport(root)),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

async function openFiles(opened: AsyncDisposableStack, clock: Clock) {
  const folder = await mkdtemp(join(tmpdir(), "aios-bench-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  return {
    disk: createDisk({ root: folder }),
    fileTools: opened.use(createFileTools({ clock, calendar: { timeZone: "UTC" } })),
  };
}
