import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf } from "../../tui/width.ts";
import { approveText } from "../messages/approve.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"approve show">): Promise<void> {
  const { args, paint, t } = context;
  const client = await context.client();
  const approval = await client.approval.show({ id: args.id });
  const { id, pid, call, question, askedAt, kind, name, request } = approval;
  const rows = [
    [t(approveText.process), pid],
    [t(approveText.call), `${name} (${call})`],
    [t(approveText.since), t(approveText.ago, { time: shortTime(Date.now() - askedAt) })],
    ...(kind === "ambiguous" ? [[t(approveText.why), t(approveText.ambiguous)] as const] : []),
    [t(approveText.arguments), JSON.stringify(request, null, 2)],
  ] as const;
  const ways = [
    [`aios approve yes ${id}`, t(approveText.yes)],
    [`aios approve yes ${id} --result JSON`, t(approveText.result)],
    [`aios approve no ${id}`, t(approveText.no)],
  ] as const;
  context.result(approval, () => {
    const labelWidth = Math.max(...rows.map(([label]) => widthOf(label)));
    const wayWidth = Math.max(...ways.map(([way]) => widthOf(way)));
    const indent = `\n${" ".repeat(labelWidth + 2)}`;
    return [
      paint.strong(question),
      ...rows.map(([label, text]) => `${paint.dim(pad(label, labelWidth))}  ${text.replaceAll("\n", indent)}`),
      "",
      ...ways.map(([way, meaning]) => `  ${paint.busy(pad(way, wayWidth))}  ${meaning}`),
    ].join("\n");
  });
}
