import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { Labels, TenantId } from "@aiosjs/sdk/protocol";
import { isInside, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import type { Files } from "./files.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, DiskRoot, FileRow, KeptFile, Seal, SharedFile, ShareRow } from "./ports.ts";

/** How often it is told that a link is opened: whoever opens it again and again fills no journal. */
const TELL_MS = 60_000;

interface FileSharesOptions {
  readonly files: Files;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly outbox: Outbox;
}

/**
 * Links to files that are open: what is on record holds from the same moment. A link ends with its time, by a call, or when the
 * file leaves its path: the journal ends it in the commit that takes the file away.
 */
export class FileShares {
  readonly #options: FileSharesOptions;
  readonly #rows = new Map<string, ShareRow>();
  readonly #at = new Map<string, Set<string>>();
  /** Openings that were told last, and those since. */
  readonly #opened = new Map<string, { toldMs: number; untold: number }>();

  constructor(options: FileSharesOptions) {
    this.#options = options;
  }

  restore(rows: readonly ShareRow[]): void {
    for (const row of rows) this.take(row);
  }

  /** The link is on record as it is here. */
  take(row: ShareRow): void {
    const ids = this.#at.get(placeName(row)) ?? new Set();
    if (this.#isOver(row)) {
      ids.delete(row.id);
      if (ids.size === 0) this.#at.delete(placeName(row));
      this.#rows.delete(row.id);
      this.#opened.delete(row.id);
      return;
    }
    this.#rows.set(row.id, row);
    this.#at.set(placeName(row), ids.add(row.id));
  }

  /** What stands at a path is on record: the journal has ended the links to what was a file. */
  written(file: FileRow): void {
    if (file.kind === "file") return;
    for (const id of this.#at.get(placeName(file)) ?? [])
      this.take({ ...(this.#rows.get(id) as ShareRow), endedAtMs: file.atMs });
  }

  /** Nothing of a root is on record any more. */
  forgotten({ tenant, root }: DiskRoot): void {
    for (const row of this.#rows.values())
      if (row.tenant === tenant && row.root === root) this.take({ ...row, endedAtMs: this.#options.clock.nowMs() });
  }

  find(id: string): ShareRow | undefined {
    const row = this.#rows.get(id);
    return row && !this.#isOver(row) ? row : undefined;
  }

  /** Those of a tenant, of a path and what is inside of it where one is named; the first first. */
  list(tenant: TenantId, place?: FilePlace): ShareRow[] {
    // Those whose time has come are forgotten here.
    for (const row of this.#rows.values()) if (this.#isOver(row)) this.take(row);
    return [...this.#rows.values()]
      .filter((row) => row.tenant === tenant && (!place || isOf(row, place)))
      .toSorted((left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1));
  }

  /** Where the server serves it, behind its own address. */
  linkOf(row: ShareRow): string {
    return `/s/${row.id}.${this.#options.seal.sign(saidOf(row))}`;
  }

  /** What somebody opens a link with; undefined for whatever does not open a file now, and nobody learns why. */
  async open(token: string): Promise<SharedFile | undefined> {
    const { files, seal } = this.#options;
    const [id = "", signature = ""] = token.split(/\.(.*)/s);
    const row = this.find(id);
    // As long for one that is not there.
    const isSigned = seal.isSignedBy(row ? saidOf(row) : id, signature);
    if (!row || !isSigned) return undefined;
    const { tenant, root, path } = row;
    const place: FilePlace = { tenant, root, path };
    const head = await unlessAbsent(fileAt(place, files, { isHeld: false }));
    if (head?.kind !== "file" || !isShareable(head.labels) || this.find(id) !== row) return undefined;
    const of = { ...head, ...row.content, version: row.version ?? head.version };
    const { hash, sizeBytes } = of;
    if (hash === null) return undefined;
    this.#tell(row);
    return {
      name: path.slice(path.lastIndexOf("/") + 1),
      hash,
      sizeBytes,
      read: () => unlessAbsent(files.contentOf(of)),
    };
  }

  #tell({ id, tenant, root, path }: ShareRow): void {
    const { clock, outbox } = this.#options;
    const nowMs = clock.nowMs();
    const opened = this.#opened.get(id) ?? { toldMs: Number.NEGATIVE_INFINITY, untold: 0 };
    this.#opened.set(id, opened);
    opened.untold++;
    if (nowMs - opened.toldMs < TELL_MS) return;
    const times = opened.untold;
    this.#opened.set(id, { toldMs: nowMs, untold: 0 });
    outbox.event("share.opened", { tenant, pid: null }, { share: id, path: shown({ root, path }), times });
  }

  #isOver({ endedAtMs, expiresAtMs }: ShareRow): boolean {
    return endedAtMs !== null || expiresAtMs <= this.#options.clock.nowMs();
  }
}

/** What stands there, if that is no link, pipe or device of somebody else's. */
export async function fileAt(
  place: FilePlace,
  files: Files,
  { isHeld }: { isHeld: boolean },
): Promise<KeptFile | undefined> {
  const head = await (isHeld ? files.known(place) : files.seen(place));
  return (await files.disk.look(place))?.kind === "other" ? undefined : head;
}

/** A link opens a file to whoever has it: what is private stays, though somebody has shared it before it was. */
const isShareable = ({ confidentiality }: Labels): boolean =>
  confidentiality === "public" || confidentiality === "internal";

/** @throws SysError EPOLICY */
export function refuseConfidential(file: FileRow): void {
  const { confidentiality } = file.labels;
  if (isShareable(file.labels)) return;
  throw new SysError(
    "EPOLICY",
    `${shown(file)}, version ${file.version}, is labelled ${confidentiality}: no link opens it`,
    {
      hint: "a link opens a file to whoever has it, and only what is public or internal; write what may be read as a file of its own",
    },
  );
}

/** All that a link means: what is signed. */
const saidOf = ({ id, tenant, root, path, version, content, expiresAtMs }: ShareRow): string =>
  JSON.stringify([id, tenant, root, path, version, content?.hash ?? null, expiresAtMs]);

const placeName = ({ tenant, root, path }: Pick<FilePlace, "tenant" | "root" | "path">): string =>
  `${tenant}/${root}/${path}`;

const isOf = (row: ShareRow, { root, path }: FilePlace): boolean =>
  row.root === root && (row.path === path || isInside(row.path, path));

/** Undefined for what is not there, or no file that is read here. @throws SysError EIO, EAGAIN… as the disk fails */
async function unlessAbsent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (isSysError(cause) && ["ENOENT", "EINVAL", "EACCES", "E2BIG", "ESTALE"].includes(cause.code)) return undefined;
    throw cause;
  }
}
