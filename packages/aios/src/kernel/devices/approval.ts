import { isSyscallName, specOf, SysError } from "@aiosjs/sdk/protocol";
import type { ApprovalView } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import type { Parts } from "../parts.ts";
import type { ApprovalRow, CallRow, Principal } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

export const approvalDevice: KernelDevice<"approval.list" | "approval.show" | "approval.answer"> = {
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
    context.parts.approvals.answer(rowOf(id, context).id, { isApproved, ...known }, context.principal.key);
    return {};
  },
};

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
