import { processTable } from "../../tui/process-table.ts";
import { markedCores } from "../find-process.ts";
import { processText, processWords } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"ps">): Promise<void> {
  const { options, lang, paint, width, t } = context;
  const client = await context.client();
  const { processes } = await client.proc.list({ all: options.all });
  const marks = await markedCores(client);
  if (processes.length === 0) context.say(t(options.all ? processText.noneAtAll : processText.none));
  context.result({ processes }, () => {
    if (processes.length === 0) return "";
    const state = { processes, ...marks, nowMs: Date.now(), words: processWords(lang), paint };
    return processTable(state, width, Infinity).join("\n");
  });
}
