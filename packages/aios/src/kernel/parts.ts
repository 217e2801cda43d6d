import type { Approvals } from "./approvals.ts";
import type { Breakpoints } from "./breakpoints.ts";
import type { Budgets } from "./budget.ts";
import type { Cron } from "./cron.ts";
import type { Estimator } from "./estimate.ts";
import type { FileIndex } from "./file-index.ts";
import type { Mounts } from "./file-mounts.ts";
import type { FileNotices } from "./file-notices.ts";
import type { FileWatches } from "./file-watches.ts";
import type { FileShares } from "./file-shares.ts";
import type { Files } from "./files.ts";
import type { BrokenGlass } from "./gate/broken-glass.ts";
import type { Gate } from "./gate/gate.ts";
import type { ToldResults } from "./gate/transcript.ts";
import type { Groups } from "./groups.ts";
import type { Keys } from "./keys.ts";
import type { LaneTable } from "./lane-table.ts";
import type { Lease } from "./lease.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Memory } from "./memory.ts";
import type { NoteQuotas } from "./note-quota.ts";
import type { Outbox } from "./outbox.ts";
import type { Pipes } from "./pipes.ts";
import type {
  Clock,
  FileTools,
  Hash,
  Holding,
  Host,
  Journal,
  KernelSettings,
  Logs,
  ProgramDriver,
  Random,
  Toolbox,
} from "./ports.ts";
import type { ProcessTable } from "./process-table.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { Retries } from "./retries.ts";
import type { Router } from "./router.ts";
import type { Jails } from "./jails.ts";
import type { Sandboxes } from "./sandboxes.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SecretWatch } from "./secret-watch.ts";
import type { Sleepers } from "./sleepers.ts";
import type { Timers } from "./timers.ts";
import type { Topics } from "./topics.ts";
import type { Uploads } from "./uploads.ts";
import type { ValueVersions } from "./value-versions.ts";

/** What the rooms of the kernel share: the ports, and one of each table. */
export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly journal: Journal;
  readonly host: Host;
  readonly logs: Logs;
  readonly programs: ProgramDriver;
  readonly toolbox: Toolbox | undefined;
  /** Absent where the kernel has no disk for them. */
  readonly files: Files | undefined;
  /** Absent with the files. */
  readonly mounts: Mounts | undefined;
  /** Absent with the files. */
  readonly watches: FileWatches | undefined;
  /** Absent with the files. */
  readonly notices: FileNotices | undefined;
  /** Absent where files are not searched. */
  readonly fileIndex: FileIndex | undefined;
  /** Absent where requests about files are not understood. */
  readonly planFiles: FileTools["plan"] | undefined;
  readonly compareTexts: FileTools["compare"] | undefined;
  /** Absent where nothing signs links. */
  readonly shares: FileShares | undefined;
  readonly timers: Timers;
  readonly lease: Lease | undefined;
  readonly outbox: Outbox;
  readonly budgets: Budgets;
  readonly keys: Keys;
  readonly processes: ProcessTable;
  readonly scheduler: Scheduler;
  readonly lanes: LaneTable;
  readonly estimator: Estimator;
  readonly router: Router;
  readonly answers: ResponseCache;
  readonly gate: Gate;
  readonly glass: BrokenGlass;
  readonly told: ToldResults;
  readonly secrets: SecretWatch | undefined;
  /** Absent where nothing makes them. */
  readonly sandboxes: Sandboxes | undefined;
  readonly jails: Jails | undefined;
  readonly approvals: Approvals;
  readonly retries: Retries;
  readonly values: ValueVersions;
  /** Absent: this kernel keeps no notes. */
  readonly memory: Memory | undefined;
  readonly noteQuotas: NoteQuotas;
  readonly groups: Groups;
  /** What processes hold beside their calls; the values are the first. */
  readonly holdings: readonly Holding[];
  readonly uploads: Uploads;
  readonly mailbox: Mailbox;
  readonly pipes: Pipes;
  readonly sleepers: Sleepers;
  readonly topics: Topics;
  readonly cron: Cron;
  readonly breakpoints: Breakpoints;
  settings: KernelSettings;
}
