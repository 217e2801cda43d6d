import type { ContextOf } from "../registry.ts";
import { signalProcesses } from "../signal-processes.ts";

export async function run(context: ContextOf<"kill">): Promise<void> {
  await signalProcesses(context, context.options.signal);
}
