import { SysError } from "@aiosjs/sdk/protocol";
import { isNamesake } from "../agent-name.ts";
import { agentOf } from "../gate/agent-of.ts";
import { attenuate, heldBy, refuseModule, seesAll } from "../access.ts";
import { fork } from "../fork.ts";
import { knownAgain } from "../gate/birth.ts";
import { checkSpawnDepth, withinRow } from "../gate/offspring.ts";
import { checkFolded, checkSeq } from "../held-calls.ts";
import { reachOf } from "../note-space.ts";
import { rehearse } from "../rehearsal.ts";
import { refuseOnWayBack, rollBack } from "../rollback.ts";
import { snapshotPage } from "../snapshot.ts";
import type { KeptProgram, Principal } from "../ports.ts";
import type { Process } from "../process.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

type StateName = `proc.${"fork" | "import" | "replay" | "restore" | "rollback" | "snapshot"}`;

/** What is done to a process as a whole: taken back, forked, taken down and set up elsewhere, run again over its record. */
export const procStateDevice: KernelDevice<StateName> = {
  "proc.rollback": ({ pid, seq }, { parts, lifecycle, principal, record }) => {
    const process = parts.processes.visible(pid, principal);
    checkFolded(process, "nothing can be taken back");
    checkSeq(process, seq);
    if (process === record.process)
      throw new SysError("EINVAL", "a process cannot take itself back: the call that asks for it would be undone too");
    return rollBack(process, seq, { parts, lifecycle });
  },

  "proc.fork": ({ pid, seq, name }, call) => {
    const process = call.parts.processes.visible(pid, call.principal);
    checkFolded(process, "it cannot be forked");
    checkSeq(process, seq ?? 0);
    if (process === call.record.process)
      throw new SysError("EINVAL", "a process cannot fork itself: its fork would ask for the same, and so on", {
        hint: "proc.spawn starts a child",
      });
    refuseOnWayBack(process);
    return fork(process, { seq: seq ?? process.seq, name: name ?? `${process.name.slice(0, 95)}-fork` }, call);
  },

  "proc.snapshot": ({ pid, seq, ...page }, call) => {
    const { parts, principal } = call;
    const process = parts.processes.visible(pid, principal);
    checkFolded(process, "there is no snapshot of it");
    checkReaches(process, call);
    checkSeq(process, seq ?? 0);
    refuseOnWayBack(process);
    return snapshotPage(process, { seq: seq ?? process.seq, ...page }, parts);
  },

  "proc.import": async ({ upload, items }, { parts, principal }) => {
    const { id } = await parts.uploads.take(upload, items, principal);
    return { upload: id };
  },

  "proc.restore": async ({ upload, name, isSuspended }, { parts, lifecycle, principal, record }) => {
    const { uploads, processes, outbox } = parts;
    const taken = uploads.close(upload, principal);
    const { head, holder, told, records } = taken;
    try {
      if (head.program.kind === "module" && !seesAll(principal)) throw refuseModule();
      const caller = record.process;
      checkSpawnDepth(caller, parts.gate.policy);
      const process = processes.add({
        ...holder,
        parent: caller.kind === "kernel" ? undefined : caller,
        name: name ?? head.name,
        kind: head.program.kind,
        nice: head.nice,
        class: head.class,
        capabilities: attenuate(head.capabilities, heldBy(principal, caller)),
        onExhausted: head.onExhausted,
        program: restored(head.program, caller, principal),
        model: head.model,
        key: principal.key,
        ...knownAgain(caller, { principal, head }),
      });
      process.planned = head.planned;
      told.giveTo(process);
      process.incarnation = 0;
      record.effects.push(...records);
      lifecycle.spawned(process, withinRow(process, head.limits, parts.gate.policy), record.effects);
      record.effects.push(outbox.eventRecord("process.restored", process, { from: head.pid, seq: head.seq }));
      record.settles.push((isKept) => {
        if (!isKept) {
          lifecycle.discard(process);
          return void uploads.forget(taken);
        }
        if (isSuspended) lifecycle.suspend(process, "by a signal");
        lifecycle.goOn(process);
      });
      return { pid: process.pid, seq: told.seq };
    } catch (cause) {
      await uploads.forget(taken);
      throw cause;
    }
  },

  "proc.replay": ({ pid }, { parts, principal, signal }) => {
    const process = parts.processes.visible(pid, principal);
    checkFolded(process, "nothing can be run again");
    return rehearse(process, parts, signal);
  },
};

/** A snapshot may say anything: what a process brings by one is called as if it had brought a manifest. */
function restored(program: KeptProgram, caller: Process, principal: Principal): KeptProgram {
  if (program.kind !== "agent") return program;
  const isOther = isNamesake(caller, { name: program.manifest.name, principal, isBrought: true });
  return isOther ? { ...program, under: agentOf(caller) } : program;
}

/**
 * What a process was told by its groups, and as the agent that it is, stands in its calls.
 * @throws SysError EACCES where the caller does not reach that itself
 */
function checkReaches(process: Process, { parts, principal, record }: KernelCall): void {
  const own = reachOf({ process: record.process, principal }, parts).namespaces;
  const { own: home, namespaces = [] } = reachOf({ process, principal: { ...principal, pid: process.pid } }, parts);
  const beyond = own && namespaces.find((one) => one !== home && !own.includes(one));
  if (beyond === undefined) return;
  throw new SysError(
    "EACCES",
    `process ${process.pid} reaches ${beyond}, which process ${record.process.pid} does not`,
    {
      hint: "a key of the tenant takes this snapshot",
    },
  );
}
