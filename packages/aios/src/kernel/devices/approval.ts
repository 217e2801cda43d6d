import { SysError } from "@aiosjs/sdk/protocol";
import type { ApprovalView } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import type { ApprovalRow, Principal } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

export const approvalDevice: KernelDevice<"approval.list" | "approval.show" | "approval.answer"> = {
  "approval.list": (_args, { parts, principal }) => ({
    approvals: parts.approvals
      .list()
      .filter((row) => isVisible(row, principal))
      .toSorted((left, right) => left.askedAtMs - right.askedAtMs)
      .map(viewOf),
  }),

  "approval.show": async ({ id }, context) => {
    const row = rowOf(id, context);
    await context.parts.outbox.flushed();
    const call = await context.parts.journal.call(row.call);
    return { ...viewOf(row), name: call?.name ?? "", request: call?.request ?? null };
  },

  "approval.answer": ({ id, isApproved, ...known }, context) => {
    context.parts.approvals.answer(rowOf(id, context).id, { isApproved, ...known });
    return {};
  },
};

/** @throws SysError ENOENT, also for other tenants' questions. */
function rowOf(id: string, { parts, principal }: KernelCall): ApprovalRow {
  const row = parts.approvals.find(id);
  if (row && isVisible(row, principal)) return row;
  throw new SysError("ENOENT", `no question ${id} waits for an answer`, { hint: "`aios approve ls` lists them" });
}

const isVisible = ({ tenant }: ApprovalRow, principal: Principal): boolean =>
  seesAll(principal) || tenant === principal.tenant;

const viewOf = ({ id, pid, tenant, call, kind, question, askedAtMs }: ApprovalRow): ApprovalView => ({
  id,
  pid,
  tenant,
  call,
  kind,
  question,
  askedAt: askedAtMs,
});
