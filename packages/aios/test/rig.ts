// A kernel on the virtual clock, for behaviour tests: everything real but the clock, the chance and the models.
import { createClient } from "@aiosjs/sdk";
import type { Client, SyscallOptions } from "@aiosjs/sdk";
import { asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import type { ChatResult, JournalEvent, Pid, SysError } from "@aiosjs/sdk/protocol";
import { systemCalendar } from "../src/drivers/clock/calendar.ts";
import { createVirtualClock } from "../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../src/drivers/journal/memory.ts";
import { createSeededRandom } from "../src/drivers/random/seeded.ts";
import { createSeal } from "../src/drivers/random/seal.ts";
import { systemHash } from "../src/drivers/random/system.ts";
import { createKernel } from "../src/kernel/kernel.ts";
import type { NoteTools } from "../src/kernel/memory.ts";
import type { SecretWatch } from "../src/kernel/secret-watch.ts";
import type { Policy } from "../src/kernel/policies/policy.ts";
import type { SandboxPorts } from "../src/kernel/sandboxes-port.ts";
import type {
  Cache,
  Core,
  Disk,
  FileTools,
  Driver,
  Host,
  Journal,
  Kernel,
  KernelSettings,
  NodeRow,
  PriceTable,
  Principal,
  ProgramDriver,
  Seal,
} from "../src/kernel/ports.ts";

export const testSettings: KernelSettings = {
  name: "test",
  version: "0.0.0",
  scheduler: {
    policy: "fifo",
    weights: {},
    queueLimit: 10_000,
    tenantQueueLimit: 10_000,
    maxConcurrent: 64,
    defaultTimeoutMs: 600_000,
    ageMs: 1_000,
    maxAttempts: 4,
  },
  aliases: { "*": "auto" },
  router: { strategy: "sequential", weights: {}, alpha: 0.7, fallbacks: {}, rules: [] },
  minOutputTokens: 256,
  graceMs: 1_000,
  idleReapMs: 600_000,
  maxNewProcessesPerMinute: 100_000,
  memory: { defaultQuotaMb: 64, tenantQuotaMb: 256, globalLimitMb: 512 },
  files: { maxBytes: 1e10, maxBytesPerProcess: 1e9, maxFiles: 1e6 },
  budgets: {},
};

export interface Rig {
  readonly kernel: Kernel;
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly root: Principal;
  /** The kernel's own administrator. */
  readonly admin: Client;
  /** A client process of the local tenant, or of another. */
  readonly client: (
    session: string,
    tenant?: string,
    /** Default: the tenant's only one. */
    key?: string,
  ) => { client: Client; pid: Pid; chat: (text: string, options?: SyscallOptions) => Promise<ChatResult> };
  /** `aios refresh` with these scheduler settings instead. */
  readonly refresh: (
    scheduler: Partial<KernelSettings["scheduler"]>,
    others?: Partial<KernelSettings>,
  ) => Promise<unknown>;
  readonly events: () => Promise<readonly JournalEvent[]>;
}

export interface RigOptions {
  readonly cores: (clock: VirtualClock) => readonly Core[];
  readonly drivers?: (clock: VirtualClock) => readonly Driver[];
  readonly scheduler?: Partial<KernelSettings["scheduler"]>;
  readonly settings?: Partial<KernelSettings>;
  readonly disk?: Disk;
  readonly policies?: readonly Policy[];
  readonly prices?: PriceTable;
  readonly journal?: Journal;
  /** As the kernel has claimed the journal. */
  readonly node?: NodeRow;
  readonly onFenced?: (cause: SysError) => void;
  /** Where answers are kept, if `settings.cache` says which. */
  readonly cache?: (clock: VirtualClock) => Cache;
  /** Default: a machine where no process lives. */
  readonly host?: Host;
  readonly programs?: ProgramDriver;
  readonly clock?: VirtualClock;
  readonly seed?: number;
  readonly notes?: NoteTools;
  readonly fileTools?: FileTools;
  readonly secrets?: SecretWatch;
  readonly sandboxes?: SandboxPorts;
  /** Default: one of a secret that every rig has. */
  readonly seal?: Seal;
}

export async function openRig(options: RigOptions): Promise<Rig> {
  const clock = options.clock ?? createVirtualClock(1_700_000_000_000);
  const journal = options.journal ?? createMemoryJournal();
  let settings = {
    ...testSettings,
    ...options.settings,
    scheduler: { ...testSettings.scheduler, ...options.scheduler },
  };
  const cores = options.cores(clock);
  const cache = options.cache?.(clock);
  const kernel = await createKernel({
    clock,
    random: createSeededRandom(options.seed ?? 1),
    hash: systemHash,
    calendar: systemCalendar,
    journal,
    settings,
    cores,
    cache,
    drivers: options.drivers?.(clock) ?? [],
    disk: options.disk,
    policies: options.policies ?? [],
    ...(options.prices ? { prices: options.prices } : {}),
    host: options.host ?? { signal: () => false, isAlive: () => false, isWithin: () => false },
    logs: { append: () => undefined, read: async function* () {} },
    programs: options.programs ?? {
      find: () => Promise.reject(new Error("no programs here")),
      run: () => Promise.reject(new Error("no programs here")),
    },
    reload: () => Promise.resolve({ settings, cores, cache, changed: [], needRestart: [] }),
    onShutdown: () => undefined,
    notes: options.notes,
    fileTools: options.fileTools,
    seal: options.seal ?? createSeal(new Uint8Array(32)),
    secrets: options.secrets,
    sandboxes: options.sandboxes,
    ...(options.node ? { node: options.node } : {}),
    ...(options.onFenced ? { onFenced: options.onFenced } : {}),
  });
  const principal = (tenant: string): Principal => ({
    tenant: asTenantId(tenant),
    key: asKeyId(`k-${tenant}`),
    pid: null,
    scopes:
      tenant === "local"
        ? ["*"]
        : ["llm.*", "fs.*", "tool.*", "proc.*", "call.*", "value.*", "mem.*", "pipe.*", "topic.*", "sandbox.*"],
  });
  const root = principal("local");
  const admin = createClient(kernel.transport(root));
  return {
    kernel,
    clock,
    journal,
    root,
    admin,
    refresh: async (scheduler, others) => {
      settings = { ...settings, ...others, scheduler: { ...settings.scheduler, ...scheduler } };
      return admin.sys.refresh({});
    },
    client(session, tenant = "local", key = tenant) {
      const owner = { ...principal(tenant), key: asKeyId(`k-${key}`) };
      const pid = kernel.identify(owner, { session });
      const client = createClient(kernel.transport(owner, pid));
      return {
        client,
        pid,
        chat: async (text, quality) => client.llm.chat({ messages: [{ role: "user", content: text }] }, quality),
      };
    },
    events: async () => {
      // What need not be awaited is gathered for some milliseconds before it is written.
      await clock.run(clock.nowMs() + 100);
      return journal.events({ afterSeq: 0, limit: 100_000 });
    },
  };
}
