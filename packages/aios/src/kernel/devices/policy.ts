import { isSyscallName, SysError } from "@aiosjs/sdk/protocol";
import type { CallId, Explanation, ParsedArgsOf, Pid } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import { agentName } from "../agent-name.ts";
import { agentsAbove } from "../gate/agent-of.ts";
import { evaluate } from "../gate/evaluate.ts";
import { labelOf, labelsFrom } from "../gate/label.ts";
import type { Label } from "../gate/label.ts";
import { declaredAs, shippedRows } from "../gate/shipped-policy.ts";
import { withinPlan } from "../gate/plan.ts";
import { personal } from "../gate/speaker.ts";
import type { Agents, Judgement } from "../gate/verdict.ts";
import type { Parts } from "../parts.ts";
import type { Process } from "../process.ts";
import type { Principal, ProcessRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

type Wanted = ParsedArgsOf<"policy.explain">;

/** A call as far as it is known. */
interface Known {
  readonly agents?: Agents | undefined;
  readonly name?: string | undefined;
  readonly args?: unknown;
  readonly context?: Label | undefined;
  readonly isRecorded?: boolean | undefined;
  readonly judgement?: Judgement | null | undefined;
  /** It lives, and its plan and broken glass count. */
  readonly process?: Process | undefined;
  readonly userTexts?: readonly string[] | undefined;
}

export const policyDevice: KernelDevice<"policy.show" | "policy.explain"> = {
  "policy.show": (_args, { parts, principal }) => {
    if (!seesAll(principal))
      throw new SysError("EACCES", "the policy is of all tenants: only the home's own key looks at it whole", {
        hint: "`aios policy explain` tells what it says of your own calls",
      });
    const { policy } = parts.gate.policy;
    const isShipped = parts.settings.accessPolicy === undefined;
    return { isShipped, policy, shipped: isShipped ? {} : shippedRows(policy) };
  },

  "policy.explain": async (args, call) => {
    const known = await knownOf(args, call);
    const name = args.name ?? known.name;
    if (name === undefined)
      throw new SysError("EINVAL", "which call is meant is not said", {
        hint: "give `call`, or `name` with `arguments`: aios policy explain --tool NAME --args JSON",
      });
    const seen = known.context ?? personal;
    const { trust = seen.trust, confidentiality = seen.confidentiality, readers = seen.readers } = args.context ?? {};
    const [own, ...above] = known.agents ?? [""];
    const agents: Agents = [args.agent ?? own, ...above];
    const request = {
      agents,
      name,
      args: args.arguments ?? known.args ?? {},
      declared: isSyscallName(name) ? undefined : declaredOf(name, call.parts),
      context: { ...labelOf({ trust, confidentiality }), readers },
      userTexts: args.said ?? known.userTexts ?? [],
      isGlassBroken: known.process !== undefined && call.parts.glass.isBroken(known.process, name),
    };
    const verdict = evaluate(call.parts.gate.policy, request);
    const { gate, effect, reasons, origins, returns, sandbox } = known.process
      ? withinPlan({ process: known.process, seq: 0, withinSeq: 0 }, { verdict, name, isTool: !isSyscallName(name) })
      : verdict;
    return {
      name,
      agent: agents[0],
      arguments: request.args,
      context: labelsFrom(request.context),
      isRecorded: known.isRecorded === true && args.context === undefined,
      decided: known.judgement ? decidedOf(known.judgement, call.parts.gate.hash) : null,
      gate,
      effect,
      reasons: reasons.map((reason) => ({ ...reason })),
      origins: origins.map((origin) => ({ ...origin })) as Explanation["origins"],
      returns: labelsFrom(returns),
      sandbox: sandbox ?? null,
    };
  },
};

const decidedOf = ({ gate, reason, policy }: Judgement, now: string | null): Explanation["decided"] => ({
  gate,
  where: reason?.where ?? null,
  why: reason?.why ?? null,
  isBySamePolicy: policy === now,
});

function declaredOf(name: string, { toolbox }: Parts) {
  const spec = toolbox?.tools().find((tool) => tool.name === name);
  return spec && (spec.access ?? declaredAs(spec.effect));
}

async function knownOf({ call: id, pid }: Wanted, context: KernelCall): Promise<Known> {
  const ofCall = id === undefined ? {} : await callOf(id, context);
  return pid === undefined ? ofCall : { ...ofCall, ...(await processOf(pid, context)) };
}

/** @throws SysError ENOENT, also for calls of others. */
async function callOf(id: string, context: KernelCall): Promise<Known> {
  const { parts, principal } = context;
  await parts.outbox.flushed();
  const row = await parts.journal.call(id as CallId);
  if (!row || !isMine(row, principal))
    throw new SysError("ENOENT", `no call ${id}`, { hint: "`aios trace PID` lists them" });
  const tool = row.name === "tool.call" ? (row.request as { name: string; arguments: unknown }) : undefined;
  const of = await processOf(row.pid, context);
  return {
    ...of,
    // What a tool has called for itself was chosen with the tool: no plan names it.
    process: tool && of.process,
    name: tool?.name ?? row.name,
    args: tool ? tool.arguments : row.request,
    ...(row.context ? { context: row.context, isRecorded: true } : {}),
    judgement: row.judgement,
  };
}

/** Of a process that is gone, as it was at its end. @throws SysError ESRCH, also for processes of others. */
async function processOf(pid: string, { parts, principal }: KernelCall): Promise<Known> {
  const live = parts.processes.get(pid);
  if (live && isMine(live, principal))
    return { agents: agentsAbove(live), context: live.seen, userTexts: live.userTexts, process: live };
  const row = live ? undefined : await parts.journal.process(pid as Pid);
  if (!row || !isMine(row, principal))
    throw new SysError("ESRCH", `no process ${pid}`, { hint: "`aios ps -a` lists what is there" });
  return { agents: await agentsOfRow(row, parts), context: row.seen, userTexts: row.userTexts };
}

const isMine = ({ tenant }: { tenant: Principal["tenant"] }, principal: Principal): boolean =>
  seesAll(principal) || tenant === principal.tenant;

/** As `agentsAbove`, of a process that has ended. */
async function agentsOfRow({ kind, program, name, parent }: ProcessRow, parts: Parts): Promise<Agents> {
  const above = parent === null ? [] : await agentsOf(parent, parts);
  const own = agentName({ kind, program }) ?? (program as { under?: string } | null)?.under ?? above[0] ?? name;
  return [own, ...above.filter((agent) => agent !== own)];
}

async function agentsOf(pid: Pid, parts: Parts): Promise<readonly string[]> {
  const live = parts.processes.get(pid);
  if (live) return agentsAbove(live);
  const row = await parts.journal.process(pid);
  return row ? agentsOfRow(row, parts) : [];
}
