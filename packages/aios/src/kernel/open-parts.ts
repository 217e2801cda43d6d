import { Approvals } from "./approvals.ts";
import { Breakpoints } from "./breakpoints.ts";
import { Budgets } from "./budget.ts";
import { Cron } from "./cron.ts";
import { Estimator } from "./estimate.ts";
import { createFileHolding } from "./file-holding.ts";
import { FileIndex } from "./file-index.ts";
import { FileQuotas } from "./file-quota.ts";
import { Mounts } from "./file-mounts.ts";
import { FileNotices } from "./file-notices.ts";
import { FileWatches } from "./file-watches.ts";
import { FileShares } from "./file-shares.ts";
import { Files } from "./files.ts";
import { BrokenGlass } from "./gate/broken-glass.ts";
import { Gate } from "./gate/gate.ts";
import { ToldResults } from "./gate/transcript.ts";
import { Groups } from "./groups.ts";
import { Keys } from "./keys.ts";
import { LaneTable } from "./lane-table.ts";
import { Lease } from "./lease.ts";
import { Mailbox } from "./mailbox.ts";
import { Memory } from "./memory.ts";
import type { NoteTools } from "./memory.ts";
import { createNoteHolding } from "./note-holding.ts";
import { NoteQuotas } from "./note-quota.ts";
import { Outbox } from "./outbox.ts";
import type { Parts } from "./parts.ts";
import { Pipes } from "./pipes.ts";
import type {
  Cache,
  Calendar,
  Clock,
  Core,
  Disk,
  Driver,
  FileTools,
  Hash,
  Host,
  Journal,
  JournalImage,
  NodeRow,
  KernelSettings,
  Logs,
  PriceTable,
  ProgramDriver,
  Random,
  Seal,
  Toolbox,
} from "./ports.ts";
import type { Policy } from "./policies/policy.ts";
import { ProcessTable } from "./process-table.ts";
import { ResponseCache } from "./response-cache.ts";
import { Retries } from "./retries.ts";
import { Router } from "./router.ts";
import { Jails } from "./jails.ts";
import { Sandboxes } from "./sandboxes.ts";
import type { SandboxPorts } from "./sandboxes-port.ts";
import { Scheduler } from "./scheduler.ts";
import type { SecretWatch } from "./secret-watch.ts";
import { Sleepers } from "./sleepers.ts";
import { Timers } from "./timers.ts";
import { TopicLog } from "./topic-log.ts";
import { Topics } from "./topics.ts";
import { Uploads } from "./uploads.ts";
import { createValueHolding } from "./value-holding.ts";
import { ValueVersions } from "./value-versions.ts";

export interface KernelPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly journal: Journal;
  readonly host: Host;
  readonly logs: Logs;
  readonly programs: ProgramDriver;
  readonly cores: readonly Core[];
  /** One per device: tool. */
  readonly drivers: readonly Driver[];
  /** Where files stand; without, the kernel keeps none. */
  readonly disk?: Disk | undefined;
  /** What links to files are signed with; without, there are none. */
  readonly seal?: Seal | undefined;
  /** What files are found with; without, nobody searches them. */
  readonly fileTools?: FileTools | undefined;
  /** What notes are found and described with; without, the kernel keeps none. */
  readonly notes?: NoteTools | undefined;
  /** Scheduling policies beside those that ship with the kernel; `scheduler.policy` may name them. */
  readonly policies?: readonly Policy[];
  /** Where answers are kept for equal requests. */
  readonly cache?: Cache | undefined;
  /** As this kernel has claimed the journal. Default: the journal is nobody else's, and there is no lease. */
  readonly node?: NodeRow;
  /** Whether the operating system keeps other kernels out. Default: it does. */
  readonly isSole?: () => boolean;
  /** Published prices, for models whose price nobody told. */
  readonly prices?: PriceTable;
  /** What keeps the values of secrets out of calls, answers and the journal. Default: none are known. */
  readonly secrets?: SecretWatch | undefined;
  /** What sandboxes are made with; without, there are none. */
  readonly sandboxes?: SandboxPorts | undefined;
  /** What timers go by. Default: there are none. */
  readonly calendar?: Calendar;
}

/** Numbers of events that a killed kernel may have shown to followers and not written: none is given again. */
const CRASH_GAP = 1_000_000;

/** Loads the journal and builds the tables on it. */
export async function openParts(
  options: KernelPorts & { settings: KernelSettings },
): Promise<{ parts: Parts; image: JournalImage; wasCrash: boolean }> {
  const { clock, random, hash, journal, host, logs, programs, settings } = options;
  const image = await journal.load();
  const wasCrash = image.meta.get("state") === "running";
  const nowMs = clock.nowMs();
  const { node, isSole = () => true } = options;
  const timers = new Timers(clock, () => parts.lease?.isSure() ?? true);
  const keys = new Keys({ random, hash, clock });
  keys.restore(image.keys);
  const groups = new Groups({ clock });
  groups.restore(image.groups);
  const budgets = new Budgets();
  budgets.restore(image.accounts);
  for (const row of image.accounts)
    if (row.scope.startsWith("tenant:") && row.limit !== null)
      budgets.set(row.scope, [{ resource: row.resource, window: row.window, limit: row.limit }], nowMs);
  for (const [tenant, limits] of Object.entries(settings.budgets)) budgets.set(`tenant:${tenant}`, limits, nowMs);
  for (const row of image.keys)
    if (row.limits.length > 0 && !row.isRevoked) budgets.set(`key:${row.id}`, row.limits, nowMs);
  const memory = options.notes && new Memory(journal, options.notes, { clock, timers });
  const outbox = new Outbox(journal, {
    onNote: (change) => {
      memory?.written(change);
      noteQuotas.written(change);
    },
    clock,
    timers,
    lastEventSeq: image.lastEventSeq + (wasCrash ? CRASH_GAP : 0),
    onFile: async (row) => {
      fileIndex?.written(row);
      shares?.written(row);
      watches?.written(row);
      files?.quotas.written(row);
      await files?.written(row);
    },
    onFenced: (cause) => parts.lease?.lose(cause),
  });
  const { disk } = options;
  const quotas = new FileQuotas({ journal, outbox, settings: () => parts.settings.files });
  const files = disk && new Files({ journal, disk, outbox, quotas, clock, timers, lastChange: image.lastFileChange });
  const mounts = disk && new Mounts({ disk });
  mounts?.restore(image.mounts);
  const watches = files && new FileWatches({ journal });
  const notices = files && mounts && new FileNotices({ files, mounts, journal, outbox, clock, timers });
  const { fileTools, seal } = options;
  const shares = files && seal && new FileShares({ files, seal, clock, outbox });
  shares?.restore(image.shares);
  const fileIndex = files && fileTools && new FileIndex({ journal, files, hash, clock, timers }, fileTools);
  const noteQuotas = new NoteQuotas({ journal, outbox, settings: () => parts.settings.memory });
  const estimator = new Estimator();
  const approvals = new Approvals({ outbox, clock, random });
  approvals.restore(image.approvals);
  const lanes = new LaneTable({
    cores: options.cores,
    drivers: options.drivers,
    settings,
    clock,
    levels: image.buckets,
    startsEmpty: wasCrash,
    policies: options.policies,
    prices: options.prices,
  });
  const answers = new ResponseCache({ hash, lanes });
  answers.use(options.cache, settings.cache);
  const processes = new ProcessTable({ random, clock });
  const mailbox = new Mailbox(outbox, image);
  const values = new ValueVersions({ journal, outbox });
  const holdings = [
    createValueHolding({ journal, outbox, clock, values, processes }),
    createNoteHolding({ journal, outbox, clock, hash, memory }),
    ...(files ? [createFileHolding({ files, journal })] : []),
  ];
  const toolbox = options.drivers.find((driver): driver is Toolbox => driver.device === "tool");
  const glass = new BrokenGlass(clock);
  const parts: Parts = {
    clock,
    random,
    hash,
    journal,
    host,
    logs,
    programs,
    settings,
    timers,
    lease: node && new Lease({ journal, clock, node, isSole, whenSure: () => timers.goOn() }),
    keys,
    budgets,
    toolbox,
    outbox,
    processes,
    scheduler: new Scheduler({ clock, timers, random, lanesOf: (record) => parts.router.lanesOf(record) }),
    estimator,
    lanes,
    answers,
    gate: new Gate({ settings: () => parts.settings, toolbox, hash, journal, outbox, glass }),
    glass,
    told: new ToldResults(hash),
    secrets: options.secrets,
    sandboxes:
      options.sandboxes &&
      new Sandboxes(options.sandboxes, { mailbox, processes, clock, random, outbox, gate: () => parts.gate }),
    jails: options.sandboxes && new Jails(options.sandboxes, { outbox, gate: () => parts.gate }),
    approvals,
    retries: new Retries({ journal, outbox, clock, hash }),
    values,
    files,
    mounts,
    notices,
    watches,
    fileIndex,
    shares,
    planFiles: fileTools?.plan,
    compareTexts: fileTools?.compare,
    memory,
    noteQuotas,
    groups,
    holdings,
    uploads: new Uploads({ clock, timers, random, journal, outbox, holdings, processes }),
    mailbox,
    pipes: new Pipes({ mailbox, processes, clock, random }),
    sleepers: new Sleepers(mailbox, image.intents),
    topics: new Topics({ journal, outbox, clock, log: new TopicLog({ journal, outbox }) }, image.cursors),
    breakpoints: new Breakpoints({ clock, timers, random, outbox }),
    cron: new Cron({ clock, timers, outbox, keys, processes, calendar: options.calendar }),
    router: new Router({
      lanes,
      estimator,
      clock,
      settings: () => parts.settings,
      meta: image.meta,
      note: (record) => outbox.note(record),
    }),
  };
  return { parts, image, wasCrash };
}
