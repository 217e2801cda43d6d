import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, TimerView } from "@aiosjs/sdk/protocol";
import { attenuate, refuseModule, seesAll } from "../access.ts";
import type { Cron, TimerProgram } from "../cron.ts";
import type { TimerRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";
import { nameOf, procDevice } from "./proc.ts";

export const cronDevice: KernelDevice<`cron.${"add" | "list" | "remove" | "run"}`> = {
  "cron.add": async ({ schedule, timeZone: wantedZone, program: spawn, name, overlap }, call) => {
    const { parts, principal, record } = call;
    const { program } = spawn;
    attenuate(["proc.spawn"], principal.scopes);
    attenuate(spawn.capabilities, principal.scopes);
    if (program.kind === "command")
      throw new SysError("EINVAL", "the kernel starts no commands: a command has a parent that starts it", {
        hint: "let an agent or a module come at these times, or start the command with the machine's own cron: aios run -- CMD",
      });
    if (program.kind === "module" && !seesAll(principal)) throw refuseModule();
    const first = parts.cron.firstAt(schedule, wantedZone);
    const ownName = await checkedName(spawn, call);
    const row: TimerRow = {
      id: `t${parts.random.text(7)}`,
      tenant: principal.tenant,
      key: principal.key,
      schedule,
      ...first,
      program: { name: name ?? ownName, spawn, overlap } satisfies TimerProgram,
      scopes: principal.scopes,
      lastPid: null,
      createdAtMs: parts.clock.nowMs(),
      isRemoved: false,
    };
    const body = { timer: row.id, name: name ?? ownName, schedule };
    record.effects.push(
      { kind: "timer", row },
      parts.outbox.eventRecord("timer.added", { tenant: row.tenant, pid: null }, body),
    );
    record.settles.push((isKept) => isKept && parts.cron.take(row));
    return { id: row.id, nextAt: first.nextAtMs };
  },

  "cron.list": (_args, { parts, principal }) => ({
    timers: parts.cron
      .list()
      .filter(({ tenant }) => seesAll(principal) || tenant === principal.tenant)
      .map((row) => viewOf(row, parts.cron))
      .toSorted((left, right) => left.nextAt - right.nextAt),
  }),

  "cron.remove": ({ id }, call) => {
    const { parts, record } = call;
    const row = rowOf(id, call);
    record.effects.push(...parts.cron.removal(row, "timer.removed", "by a person"));
    record.settles.push((isKept) => isKept && parts.cron.forget(id));
    return {};
  },

  "cron.run": async ({ id }, call) => {
    const { parts, record, principal } = call;
    const row = rowOf(id, call);
    const { name, spawn } = row.program as TimerProgram;
    if (principal.tenant !== row.tenant)
      throw new SysError("EACCES", `timer ${id} is of tenant ${row.tenant}, and starts its program there`, {
        hint: "run it with a key of that tenant",
      });
    const running = parts.cron.runningOf(row);
    if (running)
      throw new SysError("EBUSY", `${name} still runs, as process ${running.pid}`, {
        hint: `wait for its end, or end it: aios kill ${running.pid}`,
      });
    // Whoever says when: it is started under the key that made the timer.
    const maker = { tenant: row.tenant, key: row.key, pid: null, scopes: row.scopes };
    const { pid } = await procDevice["proc.spawn"](
      { ...spawn, name: spawn.name ?? name },
      { ...call, principal: maker },
    );
    const next = parts.cron.advanced(row, pid as TimerRow["lastPid"]);
    const body = { timer: id, name, pid };
    record.effects.push(
      { kind: "timer", row: next },
      parts.outbox.eventRecord("timer.fired", { tenant: row.tenant, pid: next.lastPid }, body),
    );
    record.settles.push((isKept) => isKept && parts.cron.take(next));
    return { pid };
  },
};

/** @throws SysError ENOENT, also for other tenants' timers. */
function rowOf(id: string, { parts, principal }: KernelCall): TimerRow {
  const row = parts.cron.find(id);
  if (row && (seesAll(principal) || row.tenant === principal.tenant)) return row;
  throw new SysError("ENOENT", `no timer ${id}`, { hint: "`aios cron ls` lists them" });
}

/** What it is called; an agent that is not there is missed now, not at night. @throws SysError ENOENT */
async function checkedName(
  { name, program }: ParsedArgsOf<"proc.spawn">,
  { parts }: Pick<KernelCall, "parts">,
): Promise<string> {
  if (program.kind !== "agent") return name ?? nameOf(program);
  const manifest = typeof program.agent === "string" ? await parts.programs.find(program.agent) : program.agent;
  return name ?? manifest.name;
}

function viewOf(row: TimerRow, cron: Cron): TimerView {
  const { id, tenant, schedule, timeZone, nextAtMs, lastPid, createdAtMs } = row;
  const { name, spawn, overlap } = row.program as TimerProgram;
  return {
    id,
    tenant,
    name,
    schedule,
    timeZone,
    program: spawn,
    overlap,
    nextAt: nextAtMs ?? 0,
    lastPid,
    isRunning: cron.runningOf(row) !== undefined,
    createdAt: createdAtMs,
  };
}
