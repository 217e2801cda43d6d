import { join } from "node:path";
import { ContextManager, StorageManager } from "@aiosjs/sdk/compat";
import { openSnapshotFolder } from "../drivers/context/snapshot-folder.ts";
import { openSqliteJournal } from "../drivers/journal/sqlite.ts";
import type { StoredOperation } from "./rows.ts";
import { openToolKernel } from "./tool-kernel.ts";

/** One operation; `index` counts them. */
export type StoredWork = (index: number) => Promise<unknown>;

const agents = 64;
const kept = 1_000;

async function contexts(folder: string): Promise<ContextManager> {
  const manager = new ContextManager({ snapshots: await openSnapshotFolder(folder) });
  for (let agent = 0; agent < agents; agent++) {
    const context = manager.create(`agent-${agent}`);
    for (let index = 0; index < 50; index++) context.addMessage("user", `message ${index}`);
  }
  return manager;
}

/** A kernel of its own for each operation, with the journal on disk. */
async function storage(folder: string): Promise<StorageManager> {
  const kernel = await openToolKernel(await openSqliteJournal({ path: join(folder, "journal.db") }));
  return new StorageManager(await kernel.process("storage"));
}

const saveState = (made: StorageManager, index: number) =>
  made.saveAgentState(`agent-${index % kept}`, {
    role: "worker",
    state: "busy",
    goal: `task-${index}`,
    stats: { score: index },
  });
const logEvent = (made: StorageManager, index: number) => made.logEvent(`test.event.${index % 10}`, { index });
const logTask = (made: StorageManager, index: number) =>
  made.logTask(`task-${index}`, { agentId: `agent-${index % 10}`, taskType: "code" });

async function filled(folder: string, fill: (made: StorageManager, index: number) => Promise<unknown>) {
  const made = await storage(folder);
  for (let index = 0; index < kept; index += agents)
    await Promise.all(Array.from({ length: Math.min(agents, kept - index) }, (_, at) => fill(made, index + at)));
  return made;
}

/** What each stored row does, on what it makes first in a folder of its own. */
export const storedOperations: Readonly<Record<StoredOperation, (folder: string) => Promise<StoredWork>>> = {
  snapshot: async (folder) => {
    const manager = await contexts(folder);
    return (index) => manager.snapshot(`agent-${index % agents}`);
  },
  load: async (folder) => {
    const manager = await contexts(folder);
    await manager.snapshotAll();
    return (index) => manager.loadSnapshot(`agent-${index % agents}`);
  },
  "save-state": async (folder) => {
    const made = await storage(folder);
    return (index) => saveState(made, index);
  },
  "get-state": async (folder) => {
    const made = await filled(folder, saveState);
    return (index) => made.getAgentState(`agent-${index % kept}`);
  },
  "log-event": async (folder) => {
    const made = await storage(folder);
    return (index) => logEvent(made, index);
  },
  "list-events": async (folder) => {
    const made = await filled(folder, logEvent);
    return () => made.listEvents({ eventType: "test.event.5", limit: 50 });
  },
  "log-task": async (folder) => {
    const made = await storage(folder);
    return (index) => logTask(made, index);
  },
  "get-task": async (folder) => {
    const made = await filled(folder, logTask);
    return (index) => made.getTask(`task-${index % kept}`);
  },
};
