// The composition root: the only file that constructs everything.
import { join, resolve } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import type { AccessPolicy, SysError } from "@aiosjs/sdk/protocol";
import { CacheShelf } from "./boot-cache.ts";
import { CoreShelf } from "./boot-cores.ts";
import { openDoors } from "./boot-doors.ts";
import { checkEmbedder, createNoteTools, embedderOf } from "./boot-notes.ts";
import { openModuleJail } from "./boot-jails.ts";
import { openSandboxes } from "./boot-sandboxes.ts";
import { openHomeSecrets } from "./boot-secrets.ts";
import { takeHome } from "./boot-home.ts";
import { openWeb } from "./boot-web.ts";
import type { Standby } from "./boot-home.ts";
import { readAuditKey, readRootKey, readShareSecret } from "./config/home.ts";
import { elsewhereOf } from "./boot-vectors.ts";
import { homePolicy } from "./config/policy-file.ts";
import type { Config } from "./config/schema.ts";
import { withStoredEnv } from "./config/secrets.ts";
import { systemCalendar } from "./drivers/clock/calendar.ts";
import { realClock } from "./drivers/clock/real.ts";
import { createFileTools } from "./boot-files.ts";
import { createDisk } from "./drivers/fs/disk.ts";
import { watchFolder } from "./drivers/fs/watch-folder.ts";
import { priceTable } from "./drivers/llm/prices/table.ts";
import { createHost } from "./drivers/proc/host.ts";
import { createLogs } from "./drivers/proc/logs.ts";
import { createPrograms } from "./drivers/proc/programs.ts";
import { createSeal } from "./drivers/random/seal.ts";
import { systemHash, systemRandom } from "./drivers/random/system.ts";
import { findEngine } from "./drivers/sql/find-engine.ts";
import type { BuiltinTool } from "./drivers/tool/builtin/builtin-tool.ts";
import { createBuiltinToolbox } from "./drivers/tool/builtin/toolbox.ts";
import { HOME_TENANT } from "./kernel/access.ts";
import { createKernel } from "./kernel/kernel.ts";
import type { Core, Kernel, KernelSettings, Principal } from "./kernel/ports.ts";
import { version } from "./version.ts";

/** Changes of these sections take a restart. */
const RESTART_SECTIONS = ["server", "journal", "sqlite", "files", "memory", "sandbox"] as const;
const PRUNE_EVERY_MS = 6 * 3_600_000;
const SIGN_EVERY_MS = 60_000;

export interface BootOptions {
  /** AIOS_HOME: everything that lasts is below it. */
  readonly home: string;
  readonly config: Config;
  /** Reads the configuration again, for `aios refresh`. Default: the one above. */
  readonly reload?: () => Promise<Config>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where agents are looked up first. Default: the working directory's `agents`. */
  readonly programFolders?: readonly string[];
  /** Waits for a home that is held, and takes over. Default: it is refused. */
  readonly standby?: Standby;
  /** Tools beside those that come with the kernel; they run in its process. */
  readonly tools?: readonly BuiltinTool[];
  /** Who stands by takes over when this kernel has been silent for so long. Default 15,000. */
  readonly leaseMs?: number;
}

/** A running system: kernel, drivers and doors. Disposing of it lets running calls end, and closes everything. */
export interface System extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly url: string;
  readonly version: string;
  /** The home's own key. */
  readonly key: string;
  /** The kernel in process, with all rights. */
  readonly client: Client;
  /** Settles when somebody asked for a shutdown by `sys.shutdown`; the owner disposes of the system then. */
  readonly shutdownAsked: Promise<void>;
  /** Settles when another kernel has taken over the home: this one serves nothing more, and its owner disposes of it. */
  readonly fenced: Promise<SysError>;
}

/**
 * Starts everything, in order; what was opened is closed again when a later step fails.
 * @throws SysError EBUSY for a second kernel on the home or a port in use, ENOSPC for a full or read-only disk,
 *   EIO for a journal that is not ours or is damaged, EINVAL for what the configuration has wrong.
 */
export async function boot(options: BootOptions): Promise<System> {
  const { home, config, env = process.env } = options;
  await using opened = new AsyncDisposableStack();
  const { standby, leaseMs } = options;
  const engine = findEngine(config.sqlite.driver, [home]);
  const place = { home, journalFile: journalFile(home, config), readAuditKey: () => readAuditKey(home) };
  const taken = opened.use(await takeHome({ ...place, engine, standby, leaseMs }));
  const { lock, journal, node } = taken;
  const stored = () => withStoredEnv(env, home);
  const shelf = opened.use(new CoreShelf({ clock: realClock, env: stored, home }));
  const caches = opened.use(new CacheShelf({ clock: realClock, env: stored }));
  const key = await readRootKey(home);
  const secrets = openHomeSecrets({ home, env: stored });
  await secrets.refresh(config);
  const redactor = () => secrets.watch.redactor();
  const logs = opened.use(createLogs({ folder: join(home, "logs"), redactor }));
  const web = opened.use(openWeb({ home }));
  const toolbox = opened.use(createBuiltinToolbox({ clock: realClock, more: [web.tool, ...(options.tools ?? [])] }));
  const sandboxes = opened.use(
    openSandboxes({ home, config, env: stored(), clock: realClock, generation: node.epoch }),
  );
  const jail =
    config.sandbox.modules === "confined"
      ? opened.use(openModuleJail({ home: resolve(home), clock: realClock, generation: node.epoch }))
      : undefined;
  const isKept = journalFile(home, config) !== undefined;
  const seal = createSeal(await readShareSecret(home));
  const shutdown = Promise.withResolvers<void>();
  const fenced = Promise.withResolvers<SysError>();
  let current = config;
  let accessPolicy = homePolicy(home, config);
  let cores = await shelf.stock(config);
  const embedder = embedderOf(config, cores);
  const indexOf = async (what: "notes" | "files") => ({
    path: isKept ? join(home, "index", `${what}.db`) : undefined,
    embedder,
    elsewhere: await elsewhereOf(config, { home, env: stored(), key, isKept, what }),
  });
  const notes = opened.use(createNoteTools(await indexOf("notes")));
  const times = { clock: realClock, calendar: systemCalendar };
  const fileTools = opened.use(createFileTools({ ...(await indexOf("files")), ...times }));
  const kernel = opened.use(
    await createKernel({
      clock: realClock,
      random: systemRandom,
      hash: systemHash,
      journal,
      host: createHost(),
      logs,
      programs: createPrograms({
        folders: [...(options.programFolders ?? [resolve("agents")]), join(home, "programs")],
        jail,
      }),
      cores,
      prices: priceTable,
      calendar: systemCalendar,
      cache: await caches.stock(config),
      drivers: [toolbox],
      disk: createDisk({ root: resolve(home, config.files.root), own: [home], watchFolder }),
      seal,
      secrets: secrets.watch,
      sandboxes,
      fileTools,
      notes,
      settings: settingsOf(config, accessPolicy),
      rootKey: key,
      onShutdown: shutdown.resolve,
      node,
      isSole: () => lock.isHeld,
      onFenced: fenced.resolve,
      reload: async () => {
        const next = (await options.reload?.()) ?? current;
        checkEmbedder(next);
        const nextPolicy = homePolicy(home, next);
        await secrets.refresh(next);
        const cache = await caches.stock(next);
        const before = cores;
        cores = await shelf.stock(next);
        const changed = changedSections(current, next);
        // A key that was set or exchanged since stands in no configuration.
        if (!changed.includes("llms") && cores.some((core) => !before.includes(core) && !isStillDown(core, before)))
          changed.push("llms");
        if (!changed.includes("policy") && JSON.stringify(accessPolicy) !== JSON.stringify(nextPolicy))
          changed.push("policy");
        current = next;
        accessPolicy = nextPolicy;
        const needRestart = changed.filter((section) => (RESTART_SECTIONS as readonly string[]).includes(section));
        return { settings: settingsOf(next, accessPolicy), cores, cache, changed, needRestart };
      },
    }),
  );
  const { keepDays, keepMb } = config.journal;
  const retention = { keepDays, keepMb, keepFileDays: config.files.keepDays };
  const prune = (): Promise<unknown> => journal.prune(retention);
  const pruning = setInterval(() => void prune(), PRUNE_EVERY_MS).unref();
  opened.defer(() => clearInterval(pruning));
  // What cannot be signed now is signed by the next one.
  const signing = setInterval(() => void journal.signAudit().catch(() => undefined), SIGN_EVERY_MS).unref();
  opened.defer(() => clearInterval(signing));
  const doors = opened.use(
    await openDoors(kernel, {
      server: { ...config.server, graceMs: config.scheduler.graceMs, hasKeys: true },
      lastPorts: lock.lastPorts,
      isTakeover: !node.isSole,
      publish: (door) => lock.publish({ ...door, version }),
    }),
  );
  const root: Principal = { tenant: HOME_TENANT, key: kernel.authenticate(key).key, pid: null, scopes: ["*"] };
  const stack = opened.move();
  return {
    kernel,
    get url() {
      return doors.url;
    },
    version,
    key,
    client: createClient(kernel.transport(root)),
    shutdownAsked: shutdown.promise,
    fenced: fenced.promise,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const journalFile = (home: string, { journal }: Config): string | undefined =>
  journal.url === "memory:" ? undefined : resolve(home, journal.url.replace(/^sqlite:/, ""));

function settingsOf(config: Config, accessPolicy: AccessPolicy | undefined): KernelSettings {
  const { system, scheduler, llms, server, files, memory, budgets } = config;
  return {
    name: system.name,
    version,
    scheduler,
    aliases: llms.aliases,
    router: routerOf(llms.router),
    cache: llms.cache,
    minOutputTokens: scheduler.minOutputTokens,
    graceMs: scheduler.graceMs,
    idleReapMs: scheduler.idleReapMs,
    maxNewProcessesPerMinute: server.maxNewProcessesPerMinute,
    memory,
    files,
    accessPolicy,
    budgets,
  };
}

/** `smart` is what a predecessor calls cost-quality. */
const routerOf = ({ strategy, ...rest }: Config["llms"]["router"]): KernelSettings["router"] => ({
  ...rest,
  strategy: strategy === "smart" ? "cost-quality" : strategy,
});

const isStillDown = ({ name, endpoint, down }: Core, before: readonly Core[]): boolean =>
  down !== undefined &&
  before.some((one) => one.name === name && one.endpoint === endpoint && one.down?.message === down.message);

function changedSections(before: Config, after: Config): string[] {
  const sections = Object.keys({ ...before, ...after }) as (keyof Config)[];
  return sections.filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]));
}
