import { findProcess } from "./find-process.ts";
import { stateText } from "./messages/state.ts";
import type { ContextOf } from "./registry.ts";

/** Runs one process's program over its record. @throws SysError EDIVERGED (exit 6) where it goes another way than it went. */
export async function replayProcess(context: ContextOf<"replay">, text: string): Promise<void> {
  const client = await context.client();
  const { pid, name } = await findProcess(client, text, context);
  const { calls, end } = await client.proc.replay({ pid }, { signal: context.signal });
  context.result({ pid, calls, end }, () => context.t(stateText[end], { calls, name }));
}
