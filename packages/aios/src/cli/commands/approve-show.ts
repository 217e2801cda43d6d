import type { ApprovalView } from "@aiosjs/sdk/protocol";
import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf } from "../../tui/width.ts";
import { approveText } from "../messages/approve.ts";
import { linesPlainly, plainly } from "../plainly.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"approve show">;
type About = NonNullable<ApprovalView["about"]>;
type Line = readonly [label: string, text: string];

export async function run(context: Context): Promise<void> {
  const { args, paint, t } = context;
  const client = await context.client();
  const approval = await client.approval.show({ id: args.id });
  const { id, pid, call, question, askedAt, about, name, request } = approval;
  const rows: Line[] = [
    [t(approveText.process), pid],
    [t(approveText.call), `${name} (${call})`],
    [t(approveText.since), t(approveText.ago, { time: shortTime(Date.now() - askedAt) })],
    ...(about ? linesOf(about, context) : ([[t(approveText.why), t(approveText.ambiguous)]] as const)),
    [t(approveText.arguments), linesPlainly(JSON.stringify(request, null, 2))],
  ];
  const ways: readonly Line[] = about
    ? [
        [`aios approve yes ${id}`, t(approveText.make)],
        [`aios approve no ${id}`, t(approveText.forbid)],
      ]
    : [
        [`aios approve yes ${id}`, t(approveText.yes)],
        [`aios approve yes ${id} --result JSON`, t(approveText.result)],
        [`aios approve no ${id}`, t(approveText.no)],
      ];
  context.result(approval, () => {
    const labelWidth = Math.max(...rows.map(([label]) => widthOf(label)));
    const wayWidth = Math.max(...ways.map(([way]) => widthOf(way)));
    const indent = `\n${" ".repeat(labelWidth + 2)}`;
    return [
      paint.strong(plainly(question)),
      ...rows.map(([label, text]) => `${paint.dim(pad(label, labelWidth))}  ${text.replaceAll("\n", indent)}`),
      "",
      ...ways.map(([way, meaning]) => `  ${paint.busy(pad(way, wayWidth))}  ${meaning}`),
    ].join("\n");
  });
}

/** Why it is asked, what its process has seen, and who vouches for what stands at a sink. */
function linesOf({ reasons, context: seen, origins, sources }: About, { t, paint }: Context): Line[] {
  const { trust, confidentiality, trustFrom } = seen;
  const seenText =
    trustFrom === null
      ? t(approveText.seen, { trust, confidentiality })
      : t(approveText.seenSince, { trust, confidentiality, call: trustFrom });
  return [
    [t(approveText.why), reasons.map(({ why, where }) => `${why} (${where})`).join("\n") || t(approveText.leave)],
    [t(approveText.context), seenText],
    ...origins.map(({ path, value, origin, isMet }): Line => {
      const source = sources.find((one) => one.path === path);
      const text = isMet ? vouchedBy(origin, t) : source ? t(approveText.fromCall, source) : t(approveText.fromNowhere);
      return [
        t(approveText.origin),
        `${plainly(`${path} = ${JSON.stringify(value)}`)}\n${isMet ? text : paint.bad(text)}`,
      ];
    }),
  ];
}

function vouchedBy(origin: About["origins"][number]["origin"], t: Context["t"]): string {
  switch (origin.is) {
    case "user":
      return t(approveText.fromUser);
    case "contact":
      return t(approveText.fromContact);
    case "allowlist":
      return t(approveText.fromAllowlist, origin);
    case "context":
      return t(approveText.fromContext);
    case "unknown":
      return t(approveText.fromNowhere);
  }
}
