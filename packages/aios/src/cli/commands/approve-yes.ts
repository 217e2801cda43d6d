import { CliError, usage } from "../cli-error.ts";
import { approveText } from "../messages/approve.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"approve yes">;

export async function run(context: Context): Promise<void> {
  const { args, options, t } = context;
  if (options.result !== undefined && args.ids.length > 1) throw new CliError(usage, t(approveText.oneResult));
  const known = options.result === undefined ? {} : { result: parsed(options.result, context) };
  const client = await context.client();
  for (const id of args.ids) {
    const { kind } = await client.approval.show({ id });
    await client.approval.answer({ id, isApproved: true, ...known });
    const said = kind === "gate" ? approveText.allowed : approveText.approved;
    context.say(t("result" in known ? approveText.answered : said, { id }));
  }
  context.result({ ids: args.ids, isApproved: true, ...known }, () => "");
}

function parsed(source: string, { t }: Context): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch (cause) {
    throw new CliError(usage, t(approveText.noJson, { detail: cause instanceof Error ? cause.message : "" }), {
      hint: t(approveText.noJsonHint, { example: `--result '{"content": "sent"}'` }),
      cause,
    });
  }
}
