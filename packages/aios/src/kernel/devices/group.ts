import { SysError } from "@aiosjs/sdk/protocol";
import type { GroupMember, SyscallName } from "@aiosjs/sdk/protocol";
import { noGroup } from "../groups.ts";
import { ownNamespaces } from "../note-space.ts";
import type { GroupRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

/** Every call of a member looks at its groups whole. */
const MAX_MEMBERS = 200;

type GroupName = Extract<SyscallName, `group.${string}`>;

/** Groups, by which processes and agents reach what is others': a key makes them, and who is in one says what it shares. */
export const groupDevice: KernelDevice<GroupName> = {
  "group.create": async ({ group: name }, call) => {
    const { parts, record } = call;
    const { tenant } = record.process;
    if (await parts.groups.held(name, record)) return { created: false };
    keep({ tenant, name, members: [], createdAtMs: parts.clock.nowMs(), isRemoved: false }, call);
    record.effects.push(parts.outbox.eventRecord("group.created", { tenant, pid: null }, { group: name }));
    return { created: true };
  },

  "group.add": async ({ group: name, member, access, shares, expiresInMs }, call) => {
    const row = await held(name, call);
    await checkMember(member, call);
    const others = row.members.filter((one) => one.member !== member);
    if (others.length >= MAX_MEMBERS)
      throw new SysError("EINVAL", `the group ${name} has ${MAX_MEMBERS} members, which is the most`, {
        hint: "take some out, add an agent by its name in place of its processes, or make another group",
      });
    const expiresAt = expiresInMs === undefined ? null : call.parts.clock.nowMs() + expiresInMs;
    change({ ...row, members: [...others, { member, access, shares, expiresAt }] }, member, call);
    return { added: others.length === row.members.length };
  },

  "group.remove": async ({ group: name, member }, call) => {
    const row = await held(name, call);
    const members = row.members.filter((one) => one.member !== member);
    if (members.length === row.members.length) return { removed: false };
    change({ ...row, members }, member, call);
    return { removed: true };
  },

  "group.share": async ({ group: name, member: wanted, shares }, call) => {
    const own = call.principal.pid === null ? undefined : ownNamespaces(call.record.process);
    const member = wanted ?? own?.[0];
    if (member === undefined)
      throw new SysError("EINVAL", "whose notes the group shall read is not said", {
        hint: "give `member`: process:PID or agent:NAME",
      });
    if (own && !own.includes(member))
      throw new SysError("EACCES", `a process shares its own notes, not those of ${member}`, {
        hint: `it can share ${own.join(" and ")}`,
      });
    const row = await held(name, call, own);
    const entry = row.members.find((one) => one.member === member);
    if (!entry)
      throw new SysError("ENOENT", `${member} is not in the group ${name}`, {
        hint: `a key of the tenant adds it: aios group add ${name} ${member}`,
      });
    if (entry.shares === shares) return {};
    change({ ...row, members: row.members.map((one) => (one === entry ? { ...one, shares } : one)) }, member, call);
    return {};
  },

  "group.list": (_args, { parts, principal, record }) => {
    const { process } = record;
    const rows =
      principal.pid === null
        ? parts.groups.list(process.tenant)
        : parts.groups.listOf(process.tenant, ownNamespaces(process));
    return {
      groups: rows.map(({ name, members, createdAtMs }) => ({
        group: name,
        members: [...members],
        createdAt: createdAtMs,
      })),
    };
  },

  "group.delete": async ({ group: name }, call) => {
    const { parts, record } = call;
    const row = await parts.groups.held(name, record);
    if (!row) return { deleted: false };
    keep({ ...row, members: [], isRemoved: true }, call);
    record.effects.push(parts.outbox.eventRecord("group.deleted", { tenant: row.tenant, pid: null }, { group: name }));
    return { deleted: true };
  },
};

/** @throws SysError ENOENT, also for a group that none of these members is in. */
async function held(name: string, { parts, record }: KernelCall, members?: readonly string[]): Promise<GroupRow> {
  const row = await parts.groups.held(name, record);
  if (row && (!members || row.members.some(({ member }) => members.includes(member)))) return row;
  throw noGroup(name);
}

/** A process that is not there would be one that comes later by chance. @throws SysError ESRCH */
async function checkMember(member: string, { parts, record }: KernelCall): Promise<void> {
  const [kind, pid] = [member.slice(0, member.indexOf(":")), member.slice(member.indexOf(":") + 1)];
  if (kind !== "process") return;
  const process = parts.processes.get(pid) ?? (await parts.journal.process(pid as never));
  if (process?.tenant !== record.process.tenant)
    throw new SysError("ESRCH", `no process ${pid}`, { hint: "`aios ps -a` lists what is there" });
}

function change(row: GroupRow, member: string, call: KernelCall): void {
  const { parts, record } = call;
  const now: GroupMember | undefined = row.members.find((one) => one.member === member);
  keep(row, call);
  const body = {
    group: row.name,
    member,
    access: now?.access ?? null,
    shares: now?.shares ?? false,
    expiresAt: now?.expiresAt ?? null,
  };
  const origin = { tenant: row.tenant, pid: call.principal.pid };
  record.effects.push(parts.outbox.eventRecord("group.changed", origin, body));
}

/** It holds from when it is on record. */
function keep(row: GroupRow, { parts, record }: KernelCall): void {
  record.effects.push({ kind: "group", row });
  record.settles.push((isKept) => isKept && parts.groups.take(row));
}
