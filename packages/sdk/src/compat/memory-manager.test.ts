import { expect, test } from "vitest";
import { MemoryManager } from "./memory-manager.ts";

const MB = 1_048_576;
const failing = (code: string) => expect.objectContaining({ code }) as Error;

test("what agents hold is counted, with the most that each ever held", async () => {
  let nowMs = 1_000;
  const memory = new MemoryManager({ globalLimitMb: 8, now: () => nowMs });
  memory.register("a", 4);
  expect(await memory.allocate("a", 3 * MB)).toEqual([true, "ok"]);
  nowMs = 2_000;
  expect(memory.release("a", 2 * MB)).toBe(true);
  expect(await memory.allocate("b", 2.5 * MB)).toEqual([true, "ok"]);
  expect(memory.usage("a")).toEqual({
    agentId: "a",
    allocatedBytes: MB,
    allocatedMb: 1,
    noteBytes: 0,
    peakBytes: 3 * MB,
    peakMb: 3,
    quotaBytes: 4 * MB,
    quotaMb: 4,
    allocCount: 1,
    releaseCount: 1,
    lastAccess: 2_000,
    isPinned: false,
  });
  expect(memory.stats()).toEqual({
    agents: 2,
    totalAllocatedMb: 3.5,
    globalLimitMb: 8,
    freeMb: 4.5,
    utilizationPct: 43.75,
    evictions: 0,
    totalAllocs: 2,
    totalReleases: 1,
  });
  expect(memory.top(1).map(({ agentId }) => agentId)).toEqual(["b"]);
  expect(memory.usageAll().map(({ agentId }) => agentId)).toEqual(["a", "b"]);
  expect(memory.releaseAll("b")).toBe(2.5 * MB);
  expect(memory.unregister("a")).toBe(MB);
  expect(memory).toMatchObject({ totalAllocated: 0, utilization: 0 });
  expect([memory.usage("a"), memory.release("a", 1), memory.releaseAll("a"), memory.setQuota("a", 1)]).toEqual([
    undefined,
    false,
    0,
    false,
  ]);
});

test("a size that is none is refused and changes nothing", async () => {
  const memory = new MemoryManager();
  await memory.allocate("a", 100);
  for (const size of [-5 * MB, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
    await expect(memory.allocate("a", size)).rejects.toThrow(failing("EINVAL"));
    expect(() => memory.release("a", size)).toThrow(failing("EINVAL"));
    await expect(memory.evictLru(size)).rejects.toThrow(failing("EINVAL"));
  }
  expect(() => memory.setQuota("a", -1)).toThrow(failing("EINVAL"));
  expect(() => memory.setGlobalLimit(Number.NaN)).toThrow(failing("EINVAL"));
  expect(memory.release("a", 1_000)).toBe(true);
  expect(memory.totalAllocated).toBe(0);
});

test("a quota holds for its agent alone, and evicts nobody", async () => {
  const memory = new MemoryManager({ globalLimitMb: 2 });
  memory.register("small", 1);
  await memory.allocate("other", 2 * MB - 10);
  expect(await memory.allocate("small", MB + 1)).toEqual([false, `agent quota exceeded (${MB + 1} > ${MB})`]);
  expect(memory.stats().evictions).toBe(0);
  memory.setQuota("small", 0);
  expect(await memory.allocate("small", MB + 1)).toEqual([true, "ok"]);
});

test("full memory evicts who used it least recently, and frees after what was held is written back", async () => {
  const kept: [string, number, number][] = [];
  const memory: MemoryManager = new MemoryManager({
    globalLimitMb: 3,
    writeBack: async (agentId, bytes) => {
      await Promise.resolve();
      kept.push([agentId, bytes, memory.totalAllocated]);
    },
  });
  for (const agentId of ["a", "b", "c"]) await memory.allocate(agentId, MB);
  memory.touch("a");
  expect(await memory.allocate("d", MB)).toEqual([true, "ok"]);
  expect(kept).toEqual([["b", MB, 3 * MB]]);
  expect(memory.usageAll().map(({ allocatedMb }) => allocatedMb)).toEqual([1, 0, 1, 1]);
  expect(memory.evictionLog).toMatchObject([{ agentId: "b", freedBytes: MB }]);
  expect(await memory.evictLru(2 * MB)).toEqual(["c", "a"]);
  expect(await memory.evictLru(2 * MB)).toEqual([]);
  expect(await memory.evictLru()).toEqual(["d"]);
  expect(await memory.evictLru()).toEqual([]);
});

test("who asks for more than others could free costs nobody anything", async () => {
  const kept: string[] = [];
  const memory = new MemoryManager({ globalLimitMb: 4, writeBack: (agentId) => void kept.push(agentId) });
  for (const agentId of ["pinned", "asking", "other"]) await memory.allocate(agentId, MB);
  memory.pin("pinned");
  expect(await memory.allocate("asking", 3 * MB)).toEqual([false, `global limit exceeded (${6 * MB} > ${4 * MB})`]);
  expect(kept).toEqual([]);
  expect(await memory.allocate("asking", 2 * MB)).toEqual([true, "ok"]);
  expect(kept).toEqual(["other"]);
  memory.unpin("pinned");
  expect(await memory.allocate("other", MB)).toEqual([true, "ok"]);
  expect(kept).toEqual(["other", "asking"]);
});

test("what could not be written back is not freed", async () => {
  let isBroken = true;
  const memory = new MemoryManager({
    globalLimitMb: 1,
    writeBack: () => (isBroken ? Promise.reject(new Error("disk full")) : undefined),
  });
  await memory.allocate("a", MB);
  await expect(memory.allocate("b", 1)).rejects.toThrow("disk full");
  await expect(memory.evictLru()).rejects.toThrow("disk full");
  expect(memory.usage("a")?.allocatedBytes).toBe(MB);
  isBroken = false;
  expect(await memory.allocate("b", 1)).toEqual([true, "ok"]);
  expect(memory.totalAllocated).toBe(1);
});

test("who uses its memory, or is pinned, while it is written back keeps it", async () => {
  const written = new Map<string, () => void>();
  const memory = new MemoryManager({
    globalLimitMb: 3,
    writeBack: (agentId) => new Promise<void>((resolve) => void written.set(agentId, resolve)),
  });
  for (const agentId of ["a", "b", "c"]) await memory.allocate(agentId, MB);
  const allocating = memory.allocate("d", MB);
  for (const [agentId, meanwhile] of [
    ["a", () => memory.touch("a")],
    ["b", () => memory.pin("b")],
    ["c", () => memory.usage("c")],
  ] as const) {
    await expect.poll(() => written.get(agentId)).toBeDefined();
    meanwhile();
    written.get(agentId)?.();
  }
  expect(await allocating).toEqual([true, "ok"]);
  expect(memory.usageAll().map(({ agentId, allocatedMb }) => [agentId, allocatedMb])).toEqual([
    ["a", 1],
    ["b", 1],
    ["c", 0],
    ["d", 1],
  ]);
});

test("however many allocate, release, leave and are evicted at once, the sum is that of its parts and within the limit", async () => {
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const memory = new MemoryManager({ globalLimitMb: 1, writeBack: () => Promise.resolve() });
  const check = () => {
    const parts = memory.usageAll().map(({ allocatedBytes }) => allocatedBytes);
    expect(parts.every((bytes) => bytes >= 0)).toBe(true);
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(memory.totalAllocated);
    expect(memory.totalAllocated).toBeLessThanOrEqual(MB);
  };
  for (let round = 0; round < 300; round++) {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const agentId = `a${random(12)}`;
        const turn = random(10);
        if (turn < 5) return memory.allocate(agentId, random(MB / 4));
        if (turn === 5) return memory.evictLru(random(MB));
        if (turn === 6) return memory.unregister(agentId);
        if (turn === 7) return random(4) === 0 ? memory.pin(agentId) : memory.unpin(agentId);
        return memory.release(agentId, random(MB / 4));
      }),
    );
    check();
  }
  for (let index = 0; index < 12; index++) memory.unpin(`a${index}`);
  await memory.evictLru(MB);
  expect(memory.totalAllocated).toBe(0);
});
