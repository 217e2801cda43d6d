import { columnsOf } from "../../tui/columns.ts";
import { findProcess } from "../find-process.ts";
import { limitText, parseLimit } from "../limit-text.ts";
import { processText } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"limits">): Promise<void> {
  const { args, t, lang, paint, width } = context;
  const wanted = args.limits.map(parseLimit);
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  if (wanted.length > 0) await client.proc.limits({ pid, limits: wanted });
  const { limits } = await client.proc.show({ pid });
  const { accounts } = await client.budget.show();
  const rows = limits.map((limit) => {
    const account = accounts.find(
      ({ scope, resource, window }) =>
        scope === `process:${pid}` && resource === limit.resource && window === limit.window,
    );
    return {
      ...limit,
      used: account?.used ?? 0,
      reserved: account?.reserved ?? 0,
      resetsAt: account?.resetsAt ?? null,
    };
  });
  if (rows.length === 0) context.say(t(processText.noLimits, { name, pid: name }));
  const figure = (value: number) => String(Number(value.toFixed(6)));
  context.result({ pid, limits: rows }, () => {
    if (rows.length === 0) return "";
    const [heading = "", ...lines] = columnsOf(
      rows,
      [
        { title: t(processText.limitHeading), text: limitText, rank: 0 },
        { title: t(processText.usedHeading), text: ({ used }) => figure(used), align: "right", rank: 1 },
        { title: t(processText.reservedHeading), text: ({ reserved }) => figure(reserved), align: "right", rank: 3 },
        {
          title: t(processText.leftHeading),
          text: ({ limit, used, reserved }) => figure(Math.max(0, limit - used - reserved)),
          align: "right",
          rank: 2,
        },
        {
          title: t(processText.resetsHeading),
          text: ({ resetsAt }) => (resetsAt === null ? "-" : new Date(resetsAt).toLocaleString(lang)),
          rank: 4,
        },
      ],
      width,
    );
    return [paint.dim(heading), ...lines].join("\n");
  });
}
