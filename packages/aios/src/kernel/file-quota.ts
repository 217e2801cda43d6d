import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { shown } from "./file-path.ts";
import type { Outbox } from "./outbox.ts";
import type { BlobRow, FileRow, FileUsage, Journal, KernelSettings, KeptFile } from "./ports.ts";

/** What others put on the disk is kept up to this share of a tenant's quota: they cannot take all of it from its calls. */
const OUTSIDE_SHARE = 0.8;

type Limits = KernelSettings["files"];

/** One of the things that a tenant, or a process's own folder, has so much of. */
interface Level {
  readonly name: string;
  readonly tenant: TenantId;
  /** Absent: all of the tenant. */
  readonly root?: string;
  readonly of: keyof FileUsage;
  readonly option: keyof Limits;
}

/** By the level's name. */
type Needs = ReadonlyMap<string, { readonly level: Level; readonly amount: number }>;

/** Levels whose room is remembered; those of processes that have ended are forgotten with all others. */
const MAX_ROOMS = 10_000;

/**
 * What files may take: how many of them a tenant has, what their kept versions take as contents, and what stands in a process's
 * own folder. Each time the journal is asked, it is remembered how much may be added; until that is used up nobody asks again.
 * Calls under way count as if they were on disk, so that none of them goes past a limit. What frees something is never refused.
 */
export class FileQuotas {
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  readonly #settings: () => Limits;
  /** By level: what may be added before the journal is asked again. */
  readonly #room = new Map<string, number>();
  /** By level: what calls under way add. */
  readonly #pending = new Map<string, number>();
  readonly #before = new WeakMap<FileRow, KeptFile | undefined>();
  readonly #admitted = new WeakSet<FileRow>();
  /** What `#room` was reckoned with. */
  #limits: Limits | undefined;
  /** How often something was added that was not admitted. */
  #surprises = 0;
  /** Who asks the journal does so alone. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(ports: { journal: Journal; outbox: Outbox; settings: () => Limits }) {
    this.#journal = ports.journal;
    this.#outbox = ports.outbox;
    this.#settings = ports.settings;
  }

  /** What this row takes the place of. */
  isChange(row: FileRow, before: KeptFile | undefined): void {
    this.#before.set(row, before);
  }

  /** Room for all that a call changes, once it has made it. @throws SysError EDQUOT; nothing has changed then */
  async admit(record: CallRecord): Promise<void> {
    const rows = record.effects.flatMap((effect) => (effect.kind === "file" ? [effect.row] : []));
    if (rows.length === 0) return;
    const blobs = record.effects.flatMap((effect) => (effect.kind === "blob" ? [effect.row] : []));
    record.settles.push(await this.#reserve(this.#needsOf(rows, blobs)));
    for (const row of rows) this.#admitted.add(row);
  }

  /** Room to keep a content that somebody else has put on the disk; undefined where there is none. */
  async admitOutside({ tenant, sizeBytes }: Pick<FileRow, "tenant" | "sizeBytes">): Promise<(() => void) | undefined> {
    const level = keptOf(tenant);
    try {
      return await this.#reserve(new Map([[level.name, { level, amount: sizeBytes }]]), OUTSIDE_SHARE);
    } catch (cause) {
      if (cause instanceof SysError && cause.code === "EDQUOT") return undefined;
      throw cause;
    }
  }

  /** A change is on disk. What was not admitted (of a fork, a rollback, from outside) takes room of which nothing is known here. */
  written(row: FileRow): void {
    if (row.kind === "gone" || this.#admitted.has(row)) return;
    this.#surprises++;
    for (const { name } of [filesOf(row.tenant), keptOf(row.tenant), folderOf(row)]) this.#room.delete(name);
  }

  #needsOf(rows: readonly FileRow[], blobs: readonly BlobRow[]): Needs {
    const needs = new Map<string, { level: Level; amount: number }>();
    const add = (level: Level, amount: number): void =>
      void needs.set(level.name, { level, amount: amount + (needs.get(level.name)?.amount ?? 0) });
    const contents = new Set<string | null>();
    for (const row of rows) {
      const before = this.#before.get(row);
      const had = before?.kind === "gone" ? undefined : before?.sizeBytes;
      const has = row.kind === "gone" ? undefined : row.sizeBytes;
      add(filesOf(row.tenant), (has === undefined ? 0 : 1) - (had === undefined ? 0 : 1));
      if (row.root.startsWith("process:")) add(folderOf(row), (has ?? 0) - (had ?? 0));
      contents.add(before?.hash ?? null);
    }
    const [first] = rows;
    // A content that stood there takes nothing; of all others the journal alone knows whether they are kept.
    for (const { hash, sizeBytes } of blobs) if (first && !contents.has(hash)) add(keptOf(first.tenant), sizeBytes);
    return needs;
  }

  async #reserve(asked: Needs, share = 1): Promise<() => void> {
    const needs = new Map([...asked].filter(([, { amount }]) => amount > 0));
    if (this.#limits !== this.#settings() || this.#room.size > MAX_ROOMS) this.#room.clear();
    this.#limits = this.#settings();
    if ([...needs.values()].every(({ level, amount }) => this.#fits(level, amount, share))) this.#spend(needs);
    else await this.#alone(() => this.#makeSure(needs, share));
    return () => {
      for (const [name, { amount }] of needs) this.#pend(name, -amount);
    };
  }

  #fits(level: Level, amount: number, share: number): boolean {
    const room = this.#room.get(level.name);
    return room !== undefined && amount <= room - (1 - share) * this.#limitOf(level);
  }

  /** @throws SysError EDQUOT */
  async #makeSure(needs: Needs, share: number): Promise<void> {
    const rooms = new Map<string, number>();
    const surprises = this.#surprises;
    for (;;) {
      const unsure = [...needs].find(([name, need]) => !rooms.has(name) && !this.#fits(need.level, need.amount, share));
      if (!unsure) break;
      const [name, { level, amount }] = unsure;
      // Until it is known what it holds nobody adds to it: who comes now waits in line.
      this.#room.delete(name);
      const limit = this.#limitOf(level);
      let held = await this.#heldIn(level);
      if (held + amount > share * limit) {
        // What was on its way to the disk counted twice.
        await this.#outbox.flushed();
        held = await this.#heldIn(level);
      }
      if (held + amount > share * limit) throw full(level, { held, amount, limit });
      rooms.set(name, limit - held);
    }
    if (surprises === this.#surprises) for (const [name, room] of rooms) this.#room.set(name, room);
    this.#spend(needs);
  }

  async #heldIn({ name, tenant, root, of }: Level): Promise<number> {
    // Of calls that end meanwhile some are counted twice: too much rather than too little.
    const pending = this.#pending.get(name) ?? 0;
    return (await this.#journal.fileUsage(tenant, root))[of] + pending;
  }

  #spend(needs: Needs): void {
    for (const [name, { amount }] of needs) {
      const room = this.#room.get(name);
      if (room !== undefined) this.#room.set(name, room - amount);
      this.#pend(name, amount);
    }
  }

  #pend(name: string, amount: number): void {
    const pending = (this.#pending.get(name) ?? 0) + amount;
    if (pending === 0) this.#pending.delete(name);
    else this.#pending.set(name, pending);
  }

  #limitOf({ option }: Level): number {
    return this.#settings()[option];
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const working = this.#asking.then(work, work);
    this.#asking = working.catch(() => undefined);
    return working;
  }
}

const filesOf = (tenant: TenantId): Level => ({ name: `${tenant} files`, tenant, of: "files", option: "maxFiles" });

const keptOf = (tenant: TenantId): Level => ({ name: `${tenant} kept`, tenant, of: "keptBytes", option: "maxBytes" });

const folderOf = ({ tenant, root }: Pick<FileRow, "tenant" | "root">): Level => ({
  name: `${tenant}/${root}`,
  tenant,
  root,
  of: "bytes",
  option: "maxBytesPerProcess",
});

/** What others of the tenant hold is nobody's business. */
function full(
  { tenant, root, option }: Level,
  { held, amount, limit }: Record<"held" | "amount" | "limit", number>,
): SysError {
  const raise = `raise files.${option}`;
  if (option === "maxFiles")
    return new SysError("EDQUOT", `tenant ${tenant} may have ${limit} files and folders, and this adds ${amount}`, {
      hint: `remove what nobody needs ("aios fs usage" shows where it is), or ${raise}`,
    });
  if (root === undefined)
    return new SysError(
      "EDQUOT",
      `files of tenant ${tenant} and their versions may take ${bytes(limit)}, and this adds ${bytes(amount)}`,
      {
        hint: `versions of before go with time: shorten files.keepDays, or ${raise}; "aios fs usage" shows what takes it`,
      },
    );
  return new SysError(
    "EDQUOT",
    `${shown({ root, path: "" })} holds ${bytes(held)} of ${bytes(limit)}, and this adds ${bytes(amount)}`,
    { hint: `remove what it does not need, write it to /shared, or ${raise}` },
  );
}

const units = ["bytes", "kB", "MB", "GB", "TB"];

function bytes(count: number): string {
  let [value, unit] = [count, 0];
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${Number(value.toPrecision(4))} ${units[unit]}`;
}
