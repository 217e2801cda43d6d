import { CliError, usage } from "../cli-error.ts";
import { findProcess } from "../find-process.ts";
import { processText } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"nice">): Promise<void> {
  const { args, options, t } = context;
  if (args.value === undefined && options.class === undefined)
    throw new CliError(usage, t(processText.nothingToChange));
  const client = await context.client();
  const { pid } = await findProcess(client, args.pid, context);
  const view = await client.proc.nice({
    pid,
    ...(args.value === undefined ? {} : { nice: args.value }),
    ...(options.class === undefined ? {} : { class: options.class }),
  });
  context.say(t(processText.isNow, { name: view.name, nice: view.nice, class: view.class }));
  context.result(view, () => "");
}
