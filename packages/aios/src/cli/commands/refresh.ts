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
  const status = await client.sys.status();
  tellDown(context, status);
  // Of a kernel elsewhere this home's configuration says nothing.
  if (context.home.kernelFile()?.url) {
    const { cores } = (await context.config()).config.llms;
    const unused = cores.map(({ name }) => name).filter((name) => !status.cores.some((core) => core.name === name));
    if (unused.length > 0) context.say(t(llmText.unused, { cores: unused.join(", ") }));
  }
  if (needRestart.length > 0) context.say(t(llmText.needRestart, { sections: needRestart.join(", ") }));
}
