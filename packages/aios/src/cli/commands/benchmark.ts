import type { ContextOf } from "../registry.ts";
import { run as bench } from "./bench.ts";

export function run(context: ContextOf<"benchmark">): Promise<number> {
  const name = context.args.name ?? context.options.module ?? "storm";
  return bench({ ...context, args: { name } });
}
