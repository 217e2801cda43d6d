import { findProcess } from "../find-process.ts";
import { stateText } from "../messages/state.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fork">): Promise<void> {
  const { args, options, signal } = context;
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const wanted = {
    ...(options.at === undefined ? {} : { seq: options.at }),
    ...(options.name === undefined ? {} : { name: options.name }),
  };
  const fork = await client.proc.fork({ pid, ...wanted }, { signal });
  context.say(context.t(stateText.forked, { ...fork, name }));
  context.result(fork, () => fork.pid);
}
