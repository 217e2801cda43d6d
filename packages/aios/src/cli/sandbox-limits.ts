import type { ArgsOf } from "@aiosjs/sdk/protocol";
import type { ContextOf } from "./registry.ts";

const mebibyte = 1024 * 1024;

/** The bounds of a sandbox as people write them: seconds and megabytes. */
export function sandboxLimits({
  tier,
  wall,
  memory,
}: Pick<ContextOf<"sandbox create">["options"], "tier" | "wall" | "memory">): ArgsOf<"sandbox.create"> {
  return {
    tier,
    wallMs: wall === undefined ? undefined : wall * 1_000,
    memoryBytes: memory === undefined ? undefined : memory * mebibyte,
  };
}
