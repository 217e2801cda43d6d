import type { ContextOf } from "../registry.ts";
import { signalProcesses } from "../signal-processes.ts";

export async function run(context: ContextOf<"resume">): Promise<void> {
  await signalProcesses(context, "resume");
}
