import { CliError, usage } from "../cli-error.ts";
import { durationMs } from "../duration.ts";
import { findProcess } from "../find-process.ts";
import { instantText } from "../instant-text.ts";
import { approveText } from "../messages/approve.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"approve break">): Promise<void> {
  const { args, options, t } = context;
  const { why } = options;
  if (why === undefined || why.trim() === "")
    throw new CliError(usage, t(approveText.whyMissing), { hint: "--why TEXT" });
  const forMs = options.for === undefined ? undefined : durationMs(options.for, context);
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const { untilMs } = await client.approval.break({
    pid,
    name: args.name,
    why,
    ...(forMs === undefined ? {} : { forMs }),
  });
  context.result({ pid, name: args.name, untilMs }, () =>
    t(approveText.broken, { name, tool: args.name, time: instantText(untilMs) }),
  );
}
