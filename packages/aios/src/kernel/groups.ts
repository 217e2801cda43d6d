import { SysError } from "@aiosjs/sdk/protocol";
import type { GroupMember, TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { Holds } from "./holds.ts";
import type { Clock, GroupRow } from "./ports.ts";

/**
 * The groups of all tenants: by them, and by nothing else, processes and agents reach what is others'. What is on record holds
 * from the same moment, for calls that are under way, too.
 */
export class Groups {
  readonly #rows = new Map<string, GroupRow>();
  /** Names of the groups that somebody is in, by tenant and member. */
  readonly #of = new Map<string, Set<string>>();
  readonly #holds = new Holds();
  readonly #clock: Clock;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  restore(rows: readonly GroupRow[]): void {
    for (const row of rows) this.take(row);
  }

  list(tenant: TenantId): GroupRow[] {
    const own = [...this.#rows.values()].filter((row) => row.tenant === tenant);
    return own.map((row) => this.#now(row)).toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Those that any of these is in. */
  listOf(tenant: TenantId, members: readonly string[]): GroupRow[] {
    const names = new Set(members.flatMap((member) => [...(this.#of.get(key(tenant, member)) ?? [])]));
    const rows = [...names].toSorted().flatMap((name) => this.find(tenant, name) ?? []);
    return rows.filter((row) => row.members.some(({ member }) => members.includes(member)));
  }

  find(tenant: TenantId, name: string): GroupRow | undefined {
    const row = this.#rows.get(key(tenant, name));
    return row && this.#now(row);
  }

  /** The group as it is when everybody who changed it before is done. */
  async held(name: string, record: CallRecord): Promise<GroupRow | undefined> {
    const { tenant } = record.process;
    await this.#holds.hold([key(tenant, name)], record);
    return this.find(tenant, name);
  }

  /** The group is on record as it is here. */
  take(row: GroupRow): void {
    const { tenant, name } = row;
    for (const { member } of this.#rows.get(key(tenant, name))?.members ?? [])
      this.#of.get(key(tenant, member))?.delete(name);
    if (row.isRemoved) return void this.#rows.delete(key(tenant, name));
    this.#rows.set(key(tenant, name), row);
    for (const { member } of row.members) {
      const names = this.#of.get(key(tenant, member)) ?? new Set();
      this.#of.set(key(tenant, member), names.add(name));
    }
  }

  /** The namespaces of notes that these reach beside their own, and how. */
  opened(tenant: TenantId, members: readonly string[]): ReadonlyMap<string, GroupMember["access"]> {
    const opened = new Map<string, GroupMember["access"]>();
    for (const row of this.listOf(tenant, members)) {
      const own = row.members.filter(({ member }) => members.includes(member));
      opened.set(`group:${row.name}`, own.some(({ access }) => access === "write") ? "write" : "read");
      for (const { member, shares } of row.members) if (shares && !members.includes(member)) opened.set(member, "read");
    }
    return opened;
  }

  /** Without those whose membership is over. */
  #now(row: GroupRow): GroupRow {
    const nowMs = this.#clock.nowMs();
    const isOver = ({ expiresAt }: GroupMember): boolean => expiresAt !== null && expiresAt <= nowMs;
    return row.members.some(isOver) ? { ...row, members: row.members.filter((one) => !isOver(one)) } : row;
  }
}

const key = (tenant: TenantId, name: string): string => `${tenant}/${name}`;

export const noGroup = (name: string): SysError =>
  new SysError("ENOENT", `there is no group ${name}`, { hint: "`aios group ls` lists those that are there" });
