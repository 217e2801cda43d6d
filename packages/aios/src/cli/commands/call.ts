import { text as textOf } from "node:stream/consumers";
import type { SyscallName } from "@aiosjs/sdk";
import { fromProblem, isSyscallName, syscallTable } from "@aiosjs/sdk/protocol";
import { nearest } from "../../config/nearest.ts";
import { CliError, usage } from "../cli-error.ts";
import { commonText } from "../messages/common.ts";
import { callText } from "../messages/run.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"call">): Promise<void> {
  const { args, t, signal } = context;
  const name = args.syscall;
  if (!isSyscallName(name)) {
    const near = nearest(name, Object.keys(syscallTable));
    throw new CliError(["ENOSYS", 3], t(callText.unknown, { name }), {
      hint: near ? t(commonText.didYouMean, { name: near }) : t(callText.unknownHint),
    });
  }
  const source = args.json === "-" ? await textOf(process.stdin) : (args.json ?? "{}");
  const value = parsed(source, name, context);
  const client = await context.client();
  if (context.jsonl) {
    for await (const event of client.call(name, value, { signal })) {
      context.item(event, () => "");
      if (event.type === "syscall.failed") throw fromProblem(event.error);
    }
    return;
  }
  const result = await client.call(name, value, { signal });
  context.result(result, () => JSON.stringify(result, null, 2));
}

// The kernel parses the arguments by the table; here they need only be JSON.
function parsed(source: string, name: SyscallName, { t }: Pick<ContextOf<"call">, "t">): never {
  try {
    return JSON.parse(source) as never;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "";
    throw new CliError(usage, t(callText.noJson, { name, detail }), {
      hint: t(callText.noJsonHint, { name, example: '{"key": "value"}' }),
      cause,
    });
  }
}
