import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import { realClock } from "../drivers/clock/real.ts";
import { systemHash, systemRandom } from "../drivers/random/system.ts";
import { createKernel } from "../kernel/kernel.ts";
import type { Journal, Kernel, KernelSettings, Principal, ProgramDriver, Toolbox } from "../kernel/ports.ts";

/** A kernel in this process whose only device is a tool that answers at once, so that what is measured is the kernel. */
export interface ToolKernel extends AsyncDisposable {
  readonly kernel: Kernel;
  /** With all rights. */
  readonly root: Principal;
  /** A process of its own, with a limit on its calls that it never reaches. */
  process(name: string): Promise<Client>;
}

export const benchSettings: KernelSettings = {
  name: "bench",
  version: "0.0.0",
  scheduler: {
    policy: "plas-vtc",
    weights: {},
    queueLimit: 10_000,
    tenantQueueLimit: 10_000,
    maxConcurrent: 64,
    defaultTimeoutMs: 600_000,
    ageMs: 30_000,
    maxAttempts: 4,
  },
  aliases: { "*": "auto" },
  router: { strategy: "sequential", weights: {}, alpha: 0.7, fallbacks: {}, rules: [] },
  minOutputTokens: 256,
  graceMs: 1_000,
  idleReapMs: 600_000,
  maxNewProcessesPerMinute: 1_000_000,
  memory: { defaultQuotaMb: 64, tenantQuotaMb: 256, globalLimitMb: 512 },
  files: { maxBytes: 1e9, maxBytesPerProcess: 1e9, maxFiles: 1e6 },
  budgets: {},
};

const root: Principal = { tenant: asTenantId("local"), key: asKeyId("bench"), pid: null, scopes: ["*"] };
const content = "y".repeat(100);

const tools: Toolbox = {
  name: "bench",
  device: "tool",
  concurrency: 1_000,
  tools: () => [{ name: "note", description: "answers at once", parameters: {}, effect: "pure" }],
  async *execute() {
    yield [{ type: "result", result: { content } }];
  },
};

const nothing = (): Promise<never> => Promise.reject(new Error("no programs in a benchmark"));

interface ToolKernelOptions {
  /** The program of all agents. */
  readonly run?: ProgramDriver["run"];
  readonly accessPolicy?: KernelSettings["accessPolicy"];
  readonly toolbox?: Toolbox;
}

export async function openToolKernel(
  journal: Journal,
  { run = nothing, accessPolicy, toolbox = tools }: ToolKernelOptions = {},
): Promise<ToolKernel> {
  const kernel = await createKernel({
    clock: realClock,
    random: systemRandom,
    hash: systemHash,
    journal,
    settings: { ...benchSettings, accessPolicy },
    cores: [],
    drivers: [toolbox],
    host: { signal: () => false, isAlive: () => false, isWithin: () => false },
    logs: { append: () => undefined, read: async function* () {} },
    programs: { find: nothing, run },
    reload: nothing,
    onShutdown: () => undefined,
  });
  return {
    kernel,
    root,
    process: async (name) => {
      const pid = kernel.identify(root, { session: name });
      const limits = [{ resource: "calls" as const, window: "day" as const, limit: 1_000_000_000 }];
      await createClient(kernel.transport(root)).proc.limits({ pid, limits });
      return createClient(kernel.transport(root, pid));
    },
    [Symbol.asyncDispose]: async () => {
      await kernel[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
    },
  };
}
