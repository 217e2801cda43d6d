import { createClient } from "@aiosjs/sdk";
import { MemoryManager } from "@aiosjs/sdk/compat";
import { expect, test } from "vitest";
import { openSearchIndex } from "../../src/drivers/search/search-index.ts";
import { extractDescription } from "../../src/memory/extract.ts";
import { openRig } from "../rig.ts";

const MB = 1_048_576;

test("the ledger counts what the kernel says that notes take, and evicts what a program allocated, never a note", async () => {
  await using index = await openSearchIndex();
  const rig = await openRig({
    cores: () => [],
    notes: { extract: extractDescription, present: () => "", openIndex: () => Promise.resolve(index) },
  });
  const { pid, key } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const own = createClient(rig.kernel.transport(rig.kernel.authenticate(key as string)));
  const memory = new MemoryManager({ globalLimitMb: 1, client: rig.admin });
  memory.register(pid, 0.5);
  await own.mem.add({ content: "n".repeat(60_000) });
  const notes = await own.mem.add({ content: "n".repeat(60_000) });
  await rig.admin.mem.add({ namespace: "agent:coder", content: "short" });
  await memory.refresh();
  const kept = await rig.admin.mem.usage({});
  const bytesOf = (namespace: string) => kept.namespaces.find((one) => one.namespace === namespace)?.bytes;
  expect(memory.usage(pid)).toMatchObject({ noteBytes: bytesOf(`process:${pid}`), allocatedMb: 0.12 });
  expect(memory.usage("coder")?.allocatedBytes).toBe(bytesOf("agent:coder"));
  expect(memory.totalAllocated).toBe(kept.tenant?.bytes);
  expect((await memory.allocate(pid, 419_430))[1]).toMatch(/^agent quota exceeded/);
  expect(await memory.allocate("tester", 891_289)).toEqual([true, "ok"]);
  expect(memory.top(2).map(({ agentId }) => agentId)).toEqual(["tester", pid]);
  expect(await memory.evictLru(MB / 2)).toEqual(["tester"]);
  expect(await memory.evictLru()).toEqual([]);
  expect(memory.releaseAll(pid)).toBe(0);
  expect(await own.mem.get({ id: notes.id })).toMatchObject({ version: 1 });
  await own.mem.forget({ namespaces: [`process:${pid}`] });
  await memory.refresh();
  expect(memory.usage(pid)).toMatchObject({ noteBytes: 0, peakMb: 0.12 });
});
