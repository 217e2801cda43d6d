import type { ContextOf } from "../registry.ts";
import { run as bench } from "./bench.ts";

export function run(context: ContextOf<"benchmark">): Promise<number> {
  const name = context.args.name ?? context.options.module ?? "storm";
  const { agents, seed } = context.options;
  const ofOthers = {
    seeds: undefined,
    workload: [],
    policy: [],
    load: undefined,
    scale: false,
    gpu: false,
    peer: [],
    svg: undefined,
    heldOut: false,
    quick: false,
  };
  return bench({ ...context, args: { name }, options: { agents, seed, ...ofOthers } });
}
