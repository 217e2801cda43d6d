import { CliError, usage } from "../cli-error.ts";
import { oldText } from "../messages/old-names.ts";
import type { ContextOf } from "../registry.ts";
import { run as exec } from "./exec.ts";

const niceOf = { low: 10, normal: 0, high: -10, critical: -20 } as const;

export async function run(context: ContextOf<"submit">): Promise<number> {
  const { args, t } = context;
  const { desc, type, priority } = context.options;
  const prompt = [...(desc === undefined ? [] : [desc]), ...args.task];
  if (prompt.length === 0) throw new CliError(usage, t(oldText.noTask));
  const quality = {
    name: type,
    nice: niceOf[priority],
    class: undefined,
    limit: [],
    usd: undefined,
    onExhausted: undefined,
    model: undefined,
  };
  const options = { ...quality, detach: true };
  return exec({ ...context, args: { prompt }, options });
}
