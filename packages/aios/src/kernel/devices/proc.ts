import { SysError } from "@aiosjs/sdk/protocol";
import type { Exit, Manifest, ParsedArgsOf } from "@aiosjs/sdk/protocol";
import { isNamesake } from "../agent-name.ts";
import { attenuate, heldBy, refuseModule, seesAll } from "../access.ts";
import { keptCommand, place } from "../command-place.ts";
import { restartCommand } from "../command-restart.ts";
import { agentOf } from "../gate/agent-of.ts";
import { knownToChild } from "../gate/birth.ts";
import { expose } from "../gate/expose.ts";
import { isCovered, isTrusted, labelOf } from "../gate/label.ts";
import { checkSpawnDepth, withinRow } from "../gate/offspring.ts";
import type { Parts } from "../parts.ts";
import type { KeptProgram, Principal } from "../ports.ts";
import type { Process } from "../process.ts";
import type { KernelDevice } from "./device.ts";
import { viewOfProcess } from "./process-list.ts";

type ProcName =
  `proc.${"bind" | "compact" | "exit" | "limits" | "logs" | "nice" | "plan" | "restart" | "show" | "signal" | "spawn" | "wait"}`;

export const procDevice: KernelDevice<ProcName> = {
  "proc.spawn": async (args, { parts, lifecycle, record, principal }) => {
    const { program } = args;
    const caller = record.process;
    const capabilities = attenuate(args.capabilities, heldBy(principal, caller));
    if (program.kind === "module" && !seesAll(principal)) throw refuseModule();
    checkSpawnDepth(caller, parts.gate.policy);
    const manifest =
      program.kind === "agent"
        ? typeof program.agent === "string"
          ? await parts.programs.find(program.agent)
          : program.agent
        : undefined;
    const process = parts.processes.add({
      tenant: caller.tenant,
      parent: caller.kind === "kernel" ? undefined : caller,
      name: args.name ?? manifest?.name ?? nameOf(program),
      kind: program.kind,
      nice: args.nice ?? (caller.kind === "kernel" ? 0 : caller.nice),
      class: args.class ?? (caller.kind === "kernel" ? "batch" : caller.class),
      capabilities,
      onExhausted: args.onExhausted ?? manifest?.onExhausted ?? (program.kind === "command" ? "refuse" : "suspend"),
      program: manifest
        ? keptAgent(args, manifest, { caller, principal })
        : keptCommand(program, { principal, caller, host: parts.host }),
      model: program.kind === "agent" ? (program.model ?? manifest?.model ?? null) : null,
      key: principal.key,
      ...knownToChild(caller, {
        principal,
        asked: program.kind === "command" ? program.command : [program.task],
        // What a process says of an agent is its own word.
        manifest:
          typeof (program as { agent?: unknown }).agent === "string" || principal.pid === null ? manifest : undefined,
      }),
    });
    // The process and the call that made it are one commit: a program that makes it again after a crash makes no second one.
    // What lies in its folder it may read without a word.
    if (program.kind === "command" && process.isJailed) process.sees(workspace);
    record.settles.push((isKept) => (isKept ? lifecycle.start(process) : lifecycle.discard(process)));
    if (program.kind === "command" && program.sandbox !== undefined) await wayOutOf(process, parts);
    const limits = [...(manifest?.limits ?? []), ...(args.limits ?? [])];
    lifecycle.spawned(process, withinRow(process, limits, parts.gate.policy), record.effects);
    if (process.isReplayed) return { pid: process.pid, key: null };
    const { row, token } = parts.keys.create({
      tenant: process.tenant,
      pid: process.pid,
      scopes: capabilities,
      limits: [],
    });
    process.key = row.id;
    record.effects.push({ kind: "key", row }, { kind: "process", row: process.row() });
    return { pid: process.pid, key: token };
  },

  "proc.bind": ({ pid, ...group }, { parts, lifecycle, principal, record }) => {
    const process = parts.processes.visible(pid, principal);
    const isReached = place(process, group, { principal, caller: record.process, host: parts.host });
    if (isReached && process.suspended !== undefined) parts.host.signal(group, "suspend");
    lifecycle.save(process);
    return { isReached };
  },

  "proc.restart": ({ pid }, { parts, lifecycle, principal, record }) => {
    const process = parts.processes.visible(pid, principal);
    if (process.exit) throw new SysError("ESRCH", `process ${pid} has ended: ${process.exit.reason}`);
    if (!process.mayRestart)
      throw new SysError("EINVAL", `process ${pid} is not one that is started again`, {
        hint: "a command is when it was entered so: aios run --restart on-failure -- CMD",
      });
    if (principal.pid === process.pid) throw new SysError("EACCES", "a command is started again by its parent alone");
    if (process.isInterrupted) throw new SysError("EINVAL", `process ${pid} was interrupted: it is not started again`);
    // The answer is a key: nobody gets one that may do more than they.
    attenuate(process.capabilities, heldBy(principal, record.process));
    return restartCommand(process, { parts, lifecycle, record });
  },

  "proc.exit": ({ pid, code, signal }, { parts, lifecycle, principal, record }) => {
    const process = parts.processes.visible(pid, principal);
    // The call itself belongs to the process that ends: it must be answered, not cancelled.
    process.calls.delete(record);
    lifecycle.end(process, { code, signal, reason: signal ? `ended by ${signal}` : `exited with ${code}` });
    return {};
  },

  "proc.plan": ({ tools }, { record: { process, settles } }) => {
    if (process.planned) throw new SysError("EEXIST", `process ${process.pid} has a plan already`);
    if (!isTrusted(process.seen, "user"))
      throw new SysError(
        "EPOLICY",
        `process ${process.pid} has seen what is only ${process.seen.trust}: it is too late for a plan`,
        {
          hint: "make the plan first, from what the person has said alone",
        },
      );
    process.planned = tools;
    settles.push((isKept) => {
      if (!isKept) process.planned = undefined;
    });
    return {};
  },

  "proc.compact": (compaction, { parts, record }) => {
    parts.outbox.event("context.compacted", record.process, compaction);
    return {};
  },

  "proc.show": ({ pid }, { parts, principal }) => viewOfProcess(parts.processes.visible(pid, principal), parts),

  "proc.signal": ({ pid, signal, tree }, { parts, lifecycle, principal, record }) => {
    const process = parts.processes.visible(pid, principal);
    const reached = tree ? [...process.tree()].toReversed() : [process];
    const live = reached.filter((one) => !one.exit);
    if (signal === "resume" && principal.pid !== null) for (const one of live) checkMayResume(one, principal.pid);
    for (const one of live) {
      if (one === record.process) one.calls.delete(record);
      lifecycle.signal(one, signal, principal.pid);
    }
    return { pids: live.map((one) => one.pid) };
  },

  "proc.nice": ({ pid, nice, class: schedulingClass }, { parts, lifecycle, principal }) => {
    const process = parts.processes.visible(pid, principal);
    if (process.exit) throw new SysError("ESRCH", `process ${pid} has ended`);
    process.nice = nice ?? process.nice;
    process.class = schedulingClass ?? process.class;
    lifecycle.renice(process);
    lifecycle.save(process);
    return viewOfProcess(process, parts);
  },

  "proc.limits": ({ pid, limits }, { parts, lifecycle, principal }) => {
    const process = parts.processes.visible(pid, principal);
    if (process.exit) throw new SysError("ESRCH", `process ${pid} has ended`);
    lifecycle.setLimits(process, limits);
    lifecycle.save(process);
    return viewOfProcess(process, parts);
  },

  "proc.wait": async ({ pid, timeoutMs }, { parts, lifecycle, principal, record, signal, asked }) => {
    const process = parts.processes.visible(pid, principal);
    if (process === record.process) throw new SysError("EINVAL", "a process cannot wait for itself");
    const giveBack = lifecycle.lend({ process: record.process, asked }, process);
    const told = (exit: Exit): Exit => {
      record.see(process.seen);
      return exit;
    };
    if (timeoutMs === undefined) return process.ended(signal).then(told).finally(giveBack);
    const expired = new AbortController();
    const timer = parts.timers.at(parts.clock.nowMs() + timeoutMs, () => expired.abort(stillThere(process, timeoutMs)));
    try {
      return told(await process.ended(AbortSignal.any([signal, expired.signal])));
    } finally {
      timer.cancel();
      giveBack();
    }
  },

  "proc.logs": async ({ pid, follow, tailBytes }, { parts, principal, record, signal }) => {
    const process = parts.processes.visible(pid, principal);
    const done = new AbortController();
    if (follow && !process.exit)
      void process.ended(signal).then(
        () => done.abort(),
        () => done.abort(),
      );
    await expose(record, process.seen, parts);
    let sizeBytes = 0;
    const isFollowed = follow && !process.exit;
    for await (const text of parts.logs.read(process.pid, {
      tailBytes,
      follow: isFollowed,
      signal: AbortSignal.any([signal, done.signal]),
    })) {
      sizeBytes += text.length;
      // What it has seen meanwhile may be in what it prints.
      if (!isCovered(process.seen, record.process.seen)) await expose(record, process.seen, parts);
      record.push([{ type: "output.delta", stream: "stdout", text }]);
    }
    return { sizeBytes };
  },
};

/** @throws SysError EACCES for who waits for a person, or for those above it. */
function checkMayResume({ pid, onExhausted, suspended }: Process, by: string): void {
  if (suspended === undefined) return;
  if (pid === by) throw new SysError("EACCES", "a process cannot resume itself");
  if (onExhausted === "hold" && suspended.startsWith("budget"))
    throw new SysError("EACCES", `process ${pid} has spent its budget, and waits for a person`, {
      hint: `a person lets it go on: aios resume ${pid}`,
    });
}

function stillThere(process: Process, timeoutMs: number): SysError {
  const { pid, state, asks } = process;
  const [question] = asks;
  if (question === undefined)
    return new SysError("ETIMEDOUT", `process ${pid} was still ${state} after ${timeoutMs} ms`);
  return new SysError("EPENDING", `process ${pid} waits for an approval`, {
    hint: `aios approve show ${question} says what is asked`,
  });
}

/** Of what a person keeps in the folder that they let a program work in. */
const workspace = labelOf({ trust: "workspace", confidentiality: "private" });

async function wayOutOf(process: Process, { jails }: Pick<Parts, "jails">): Promise<void> {
  if (!jails)
    throw new SysError("ENOSYS", "this kernel has no sandboxes", { hint: "aios config explain sandbox.driver" });
  await jails.wayOut(process);
}

/** An agent as its process keeps it: what is on disk may be another one by the next start. */
function keptAgent(
  { program }: ParsedArgsOf<"proc.spawn">,
  manifest: Manifest,
  by: { caller: Process; principal: Principal },
): KeptProgram {
  const { agent, task = "", model } = program as { agent?: unknown; task?: string; model?: string };
  const isOther = isNamesake(by.caller, { ...by, name: manifest.name, isBrought: typeof agent !== "string" });
  return {
    kind: "agent",
    manifest,
    task,
    ...(model === undefined ? {} : { modelAsked: model }),
    ...(isOther ? { under: agentOf(by.caller) } : {}),
  };
}

/** What a program without a name is called: its file. */
export function nameOf(program: ParsedArgsOf<"proc.spawn">["program"]): string {
  const path = program.kind === "command" ? program.command[0] : program.kind === "module" ? program.file : undefined;
  return path?.slice(path.lastIndexOf("/") + 1) || "process";
}
