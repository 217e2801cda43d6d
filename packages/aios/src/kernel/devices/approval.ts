import { isSyscallName, specOf, SysError } from "@aiosjs/sdk/protocol";
import type { ApprovalView } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import type { Parts } from "../parts.ts";
import type { ApprovalRow, CallRow, Principal } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

export const approvalDevice: KernelDevice<`approval.${"list" | "show" | "answer" | "break"}`> = {
  "approval.list": (_args, { parts, principal }) => ({
    approvals: visibleApprovals(parts, principal)
      .toSorted((left, right) => left.askedAtMs - right.askedAtMs)
      .map(viewOf),
  }),

  "approval.show": async ({ id }, context) => {
    const row = rowOf(id, context);
    const call = await callOf(row, context);
    return { ...viewOf(row), name: call?.name ?? "", request: call?.request ?? null };
  },

  "approval.answer": async ({ id, isApproved, ...known }, context) => {
    if (known.result !== undefined) checkResult((await callOf(rowOf(id, context), context))?.name ?? "", known.result);
    checkIsOther(rowOf(id, context), context);
    context.parts.approvals.answer(rowOf(id, context).id, { isApproved, ...known }, context.principal.key);
    return {};
  },

  "approval.break": ({ pid, name, forMs, why }, { parts, principal }) => {
    const process = parts.processes.visible(pid, principal);
    if (process.exit) throw new SysError("ESRCH", `process ${pid} has ended`);
    const untilMs = parts.glass.break(process, name, forMs);
    parts.outbox.event("glass.broken", process, { name, untilMs, why, by: principal.key });
    return { untilMs };
  },
};

/**
 * A client and whoever answers it may bear one key only where that is the home's own: a person keeps that to themselves, any
 * other may be in the hands of the very program that asks. @throws SysError EACCES
 */
function checkIsOther({ pid }: ApprovalRow, { parts, principal }: KernelCall): void {
  const asker = parts.processes.get(pid);
  if (asker?.kind !== "client" || asker.key !== principal.key || parts.keys.isHomes(principal.key)) return;
  throw new SysError("EACCES", `the key ${principal.key} cannot answer what its own client asks`, {
    hint: "answer with another key of the tenant, or the home's own",
  });
}

/** Questions that wait, of those that the caller may answer. */
export const visibleApprovals = ({ approvals }: Parts, principal: Principal): ApprovalRow[] =>
  approvals.list().filter((row) => isVisible(row, principal));

async function callOf({ call }: ApprovalRow, { parts }: KernelCall): Promise<CallRow | undefined> {
  await parts.outbox.flushed();
  return parts.journal.call(call);
}

/** A program is told nothing that its call could not have returned. @throws SysError EINVAL */
export function checkResult(name: string, result: unknown): void {
  if (!isSyscallName(name)) return;
  const [issue] = specOf(name).result.safeParse(result).error?.issues ?? [];
  if (!issue) return;
  const path = ["result", ...issue.path.map(String)].join(".");
  throw new SysError("EINVAL", `that is no result of ${name}: ${path}: ${issue.message}`, {
    hint: `what it returns: aios schema ${name}`,
  });
}

/** @throws SysError ENOENT, also for other tenants' questions. */
function rowOf(id: string, { parts, principal }: KernelCall): ApprovalRow {
  const row = parts.approvals.find(id);
  if (row && isVisible(row, principal)) return row;
  throw new SysError("ENOENT", `no question ${id} waits for an answer`, { hint: "`aios approve ls` lists them" });
}

const isVisible = ({ tenant }: ApprovalRow, principal: Principal): boolean =>
  seesAll(principal) || tenant === principal.tenant;

const viewOf = ({ id, pid, tenant, call, kind, question, about, askedAtMs }: ApprovalRow): ApprovalView => ({
  id,
  pid,
  tenant,
  call,
  kind,
  question,
  about: about && (about as ApprovalView["about"]),
  askedAt: askedAtMs,
});
