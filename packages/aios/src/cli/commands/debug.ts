import { errnoTable, isErrno } from "@aiosjs/sdk/protocol";
import { CliError, notFound, usage } from "../cli-error.ts";
import { openDebugging } from "../debugging.ts";
import type { Debugging, HeldCall, Wish } from "../debugging.ts";
import { findProcess } from "../find-process.ts";
import { debugText } from "../messages/debug.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"debug">;

export async function run(context: Context): Promise<void> {
  const { args, options, t, signal, isTty } = context;
  const wish = wishOf(context);
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const patterns = options.break;
  await using debugging = openDebugging(client, { pid, patterns, signal });
  context.say(t(debugText.attached, { patterns: patterns.join(", ") || t(debugText.every), name, pid }));
  if (options.once) {
    const call = await debugging.next();
    if (!call) throw new CliError(notFound, t(debugText.noCall, { name }));
    await debugging.release(call, wish);
    return context.result(call, () => textOf(call));
  }
  const follow = isTty ? (await import("../debug-prompt.ts")).askWhatToDo : letGoOn;
  if (await follow(context, debugging)) context.say(t(debugText.ended, { name }));
}

/** Without anybody to ask, calls are shown and go on. */
async function letGoOn(context: Context, debugging: Debugging): Promise<boolean> {
  for (let call = await debugging.next(); call; call = await debugging.next()) {
    const shown = call;
    context.item(shown, () => textOf(shown));
    await debugging.release(shown);
  }
  return !context.signal.aborted;
}

const textOf = ({ name, call, args }: HeldCall): string => `${name} (${call})\n${JSON.stringify(args, null, 2)}`;

/** What is to be done with the one call. @throws CliError usage */
function wishOf({ options, t }: Context): Wish {
  const { edit, answer, fail, once } = options;
  const count = [edit, answer, fail].filter((each) => each !== undefined).length;
  if (count === 0) return {};
  if (count > 1 || !once) throw new CliError(usage, t(debugText.onlyOnce));
  if (fail !== undefined && !isErrno(fail))
    throw new CliError(usage, t(debugText.wrongCode, { code: fail, codes: Object.keys(errnoTable).join(", ") }));
  if (fail !== undefined) return { error: { code: fail, message: "a debugger answered so" } };
  try {
    return edit === undefined ? { result: JSON.parse(answer ?? "") as unknown } : { args: JSON.parse(edit) as unknown };
  } catch (cause) {
    throw new CliError(usage, t(debugText.noJson, { detail: cause instanceof Error ? cause.message : "" }), { cause });
  }
}
