import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { Holds } from "./holds.ts";
import type { Disk, DiskPlace, DiskRoot, MountRow } from "./ports.ts";

const KIND = "mount:";
/** Each of them is looked at whenever a path is read, and watched. */
const MAX_MOUNTS = 64;

/** Folders of the machine that processes find at `/mnt/NAME`. What is on record holds from the same moment. */
export class Mounts {
  readonly #disk: Disk;
  readonly #rows = new Map<string, MountRow>();
  readonly #holds = new Holds();

  constructor({ disk }: { disk: Disk }) {
    this.#disk = disk;
  }

  restore(rows: readonly MountRow[]): void {
    for (const row of rows) this.take(row);
  }

  /** The mount is on record as it is here. */
  take(row: MountRow): void {
    if (row.isRemoved) this.#rows.delete(key(row));
    else this.#rows.set(key(row), row);
    this.#disk.mount({ tenant: row.tenant, root: rootOf(row) }, row.isRemoved ? undefined : row);
  }

  /** Of a tenant, in order of their names; without one, of all. */
  list(tenant?: TenantId): MountRow[] {
    const rows = [...this.#rows.values()].filter((row) => tenant === undefined || row.tenant === tenant);
    return rows.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  find({ tenant, root }: DiskRoot): MountRow | undefined {
    return isMount(root) ? this.#rows.get(`${tenant}/${root.slice(KIND.length)}`) : undefined;
  }

  /** As they are when everybody who changed them before is done. */
  async held(record: CallRecord): Promise<MountRow[]> {
    const { tenant } = record.process;
    await this.#holds.hold([tenant], record);
    return this.list(tenant);
  }
}

const key = ({ tenant, name }: Pick<MountRow, "tenant" | "name">): string => `${tenant}/${name}`;

/** How the files of a mount are named. */
export const rootOf = ({ name }: Pick<MountRow, "name">): string => KIND + name;

export const isMount = (root: string): boolean => root.startsWith(KIND);

/** What tools keep for themselves in a folder of the machine: it is read like other files, and nobody looks for it. */
export const isHidden = ({ root, path }: Pick<DiskPlace, "root" | "path">): boolean =>
  isMount(root) && path.split("/").some((name) => name.startsWith(".") || name === "node_modules");

/** @throws SysError EEXIST, EBUSY for a folder that is a part of another mount, EDQUOT */
export function checkMount({ name, folder }: Pick<MountRow, "name" | "folder">, others: readonly MountRow[]): void {
  if (others.some((other) => other.name === name))
    throw new SysError("EEXIST", `/mnt/${name} is there already`, {
      hint: "give it another name, or end that mount first: fs.unmount",
    });
  const other = others.find((one) => isPart(folder, one.folder) || isPart(one.folder, folder));
  if (other)
    throw new SysError("EBUSY", `${folder} and /mnt/${other.name} (${other.folder}) share files`, {
      hint: "a file is in one mount alone; end the other one first: fs.unmount",
      retryable: false,
    });
  if (others.length >= MAX_MOUNTS)
    throw new SysError("EDQUOT", `there are ${MAX_MOUNTS} mounts, which is the most`, {
      hint: "fs.mounts lists them; end those that nobody needs: fs.unmount",
      retryable: false,
    });
}

/** Paths of the machine, which is of any system. */
const isPart = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`);
