// A kernel that has all that tenants can use: files, notes, timers, commands that live, and agents that wait.
import { createClient, inLanes } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk/protocol";
import { createFileTools } from "../../src/boot-files.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openSearchIndex } from "../../src/drivers/search/search-index.ts";
import type { HostGroup, Journal, JournalRecord } from "../../src/kernel/ports.ts";
import { extractDescription } from "../../src/memory/extract.ts";
import { presentNotes } from "../../src/memory/present.ts";
import { createQuickJsDriver } from "../../src/drivers/sandbox/quickjs/driver.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import type { FileRig } from "../file-rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

export interface TenantRig extends AsyncDisposable {
  readonly rig: FileRig;
  readonly journal: Journal;
  /** Process groups of the machine. */
  readonly signalled: readonly HostGroup[];
}

/** `before`: what an earlier kernel left on record. */
export async function openTenantRig(...before: JournalRecord[]): Promise<TenantRig> {
  const signalled: HostGroup[] = [];
  const clock = createVirtualClock(1_700_000_000_000);
  const tools = createFileTools({ clock, calendar: { timeZone: "UTC" } });
  const index = await openSearchIndex();
  const journal = createMemoryJournal();
  await journal.commit(before);
  const rig = await openFileRig({
    journal,
    clock,
    fileTools: tools,
    notes: { extract: extractDescription, present: presentNotes, openIndex: () => Promise.resolve(index) },
    host: { signal: (group) => signalled.push(group) > 0, isAlive: () => true, isWithin: () => true },
    programs: {
      find: () => Promise.reject(new SysError("ENOENT", "no programs here")),
      // It waits for a word, and has nothing else to do.
      run: async ({ transport }) => createClient(inLanes(transport)).proc.receive({}),
    },
    sandboxes: {
      drivers: [createQuickJsDriver({ folders: [import.meta.dirname] })],
      openEgress: () => Promise.reject(new Error("nothing leaves here")),
    },
    cores: () => [createScriptedCore({ clock, serviceMs: 1 })],
  });
  return {
    rig,
    journal,
    signalled,
    [Symbol.asyncDispose]: async () => {
      for (const one of [rig.kernel, tools, index]) await one[Symbol.asyncDispose]();
      await removeFileFolders();
    },
  };
}
