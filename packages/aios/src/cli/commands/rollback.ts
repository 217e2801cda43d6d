import { findProcess } from "../find-process.ts";
import { stateText } from "../messages/state.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"rollback">): Promise<void> {
  const { args, signal, t } = context;
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const back = await client.proc.rollback({ pid, seq: args.seq }, { signal });
  context.say(t(stateText.back, { name, seq: back.seq, calls: back.calls }));
  context.result({ pid, ...back }, () => {
    if (back.unsafe.length === 0) return "";
    const lines = back.unsafe.map(
      ({ seq, detail, isKnown }) => `  ${seq}  ${detail}${isKnown ? "" : `  (${t(stateText.unknown)})`}`,
    );
    return [t(stateText.unsafe), ...lines].join("\n");
  });
}
