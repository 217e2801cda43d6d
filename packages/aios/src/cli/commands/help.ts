import { helpText } from "../help.ts";
import { unknownCommand } from "../program.ts";
import type { ContextOf } from "../registry.ts";

export function run(context: ContextOf<"help">): Promise<void> {
  const path = context.args.command.join(" ");
  const text = helpText(path, context);
  if (text === undefined) throw unknownCommand(path, context.lang);
  context.result({ text }, () => text);
  return Promise.resolve();
}
