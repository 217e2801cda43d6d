import { tellDown } from "../core-state.ts";
import { llmText } from "../messages/llm.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"refresh">): Promise<void> {
  const { t } = context;
  const client = await context.client();
  const outcome = await client.sys.refresh();
  const { changed, needRestart } = outcome;
  context.result(outcome, () =>
    changed.length === 0 ? t(llmText.unchanged) : t(llmText.changed, { sections: changed.join(", ") }),
  );
  tellDown(context, await client.sys.status());
  if (needRestart.length > 0) context.say(t(llmText.needRestart, { sections: needRestart.join(", ") }));
}
