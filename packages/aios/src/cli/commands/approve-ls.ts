import { shortTime } from "../../tui/figures.ts";
import { shortPid } from "../../tui/process-table.ts";
import { approveText } from "../messages/approve.ts";
import { plainly } from "../plainly.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"approve ls">): Promise<void> {
  const { t } = context;
  const client = await context.client();
  const { approvals } = await client.approval.list();
  if (approvals.length === 0) context.say(t(approveText.none));
  context.result(approvals, () =>
    approvals.length === 0
      ? ""
      : table(
          approvals,
          [
            { title: t(approveText.id), text: ({ id }) => id, rank: 0 },
            { title: t(approveText.pid), text: ({ pid }) => shortPid(pid), rank: 2 },
            {
              title: t(approveText.asked),
              text: ({ askedAt }) => shortTime(Date.now() - askedAt),
              align: "right",
              rank: 3,
            },
            { title: t(approveText.question), text: ({ question }) => plainly(question), rank: 1, least: 20 },
          ],
          context,
        ),
  );
}
