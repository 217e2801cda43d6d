import { constants } from "node:os";
import type { Exit } from "@aiosjs/sdk";
import { findProcess } from "../find-process.ts";
import { processText, processWords } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"wait">): Promise<number> {
  const { args, options, signal, lang, t } = context;
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const timeoutMs = options.timeout === undefined ? {} : { timeoutMs: Math.ceil(options.timeout * 1_000) };
  const exit = await client.proc.wait({ pid, ...timeoutMs }, { signal });
  const how = processWords(lang).exit(exit.code, exit.signal);
  context.say(t(processText.ended, { name, exit: exit.code === 0 ? how : `${how} (${exit.reason})` }));
  context.result({ pid, ...exit }, () => resultText(exit));
  return exitOf(exit);
}

/** What a shell would say: the process's own code, or 128 + the number of the signal that ended it. */
export function exitOf({ code, signal }: Exit): number {
  if (code !== null) return code;
  const name = `SIG${(signal ?? "").toUpperCase().replace(/^SIG/, "")}`;
  const number = name in constants.signals ? constants.signals[name as NodeJS.Signals] : constants.signals.SIGKILL;
  return 128 + number;
}

export const resultText = ({ result }: Exit): string =>
  result === undefined || result === null ? "" : typeof result === "string" ? result : JSON.stringify(result, null, 2);
