import { ContextManager, MemoryManager } from "@aiosjs/sdk/compat";
import type { MemoryOperation } from "./rows.ts";

export interface MemoryWork {
  /** What it returns is awaited if it is a promise. */
  readonly run: (index: number) => unknown;
  /** Operations of one run. Default 1. */
  readonly count?: number;
}

const MB = 1_048_576;

const refill = async (memory: MemoryManager): Promise<void> => void (await memory.allocate("agent", 100 * 1_024));

/** What each row in memory does, on what it makes first. */
export const memoryOperations: Readonly<Record<MemoryOperation, () => MemoryWork>> = {
  create: () => ({
    count: 100,
    run: () => {
      const contexts = new ContextManager();
      for (let index = 0; index < 100; index++) contexts.create(`agent-${index}`, { role: "worker" });
    },
  }),

  switch: () => {
    const contexts = new ContextManager();
    contexts.create("a1");
    contexts.create("a2");
    const pairs = [
      ["a1", "a2"],
      ["a2", "a1"],
    ] as const;
    return {
      run: (index) => {
        const [from, to] = pairs[index % 2 === 0 ? 0 : 1];
        contexts.switch(from, to, { step: index });
      },
    };
  },

  message: () => {
    const context = new ContextManager().create("agent");
    return { run: () => context.addMessage("user", "hello world") };
  },

  "check-limits": () => {
    const contexts = new ContextManager();
    const context = contexts.create("agent");
    context.recordLlmCall(25_000);
    for (let action = 0; action < 100; action++) context.recordAction();
    return { run: () => contexts.checkLimits("agent") };
  },

  "save-restore": () => {
    const contexts = new ContextManager();
    contexts.create("agent");
    return {
      run: () => {
        contexts.save("agent", { key: "value" });
        contexts.restore("agent");
      },
    };
  },

  allocate: () => {
    const memory = new MemoryManager({ globalLimitMb: 1_024 });
    memory.register("agent", 512);
    return {
      run: async (index) => {
        await memory.allocate("agent", 1_024);
        if (index % 100 === 99) memory.release("agent", 100 * 1_024);
      },
    };
  },

  release: () => {
    const memory = new MemoryManager({ globalLimitMb: 1_024 });
    memory.register("agent", 512);
    return {
      run: (index) => {
        memory.release("agent", 1_024);
        return index % 100 === 0 ? refill(memory) : undefined;
      },
    };
  },

  evict: () => ({
    run: async () => {
      const memory = new MemoryManager({ globalLimitMb: 100 });
      for (let index = 0; index < 80; index++) {
        memory.register(`agent-${index}`);
        await memory.allocate(`agent-${index}`, MB);
      }
      await memory.evictLru(50 * MB);
    },
  }),
};
