import { runDemo } from "../demo/main-job.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"demo">): Promise<number> {
  return runDemo(context, context.options);
}
