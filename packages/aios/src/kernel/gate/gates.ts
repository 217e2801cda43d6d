import { toolAccessSchema } from "@aiosjs/sdk/protocol";
import type { Gate, ToolAccess } from "@aiosjs/sdk/protocol";

// Gates sort as their names do.
export const strictest = (one: Gate, other: Gate): Gate => (one >= other ? one : other);

const tiers = toolAccessSchema.shape.sandbox.unwrap().options;
export const sandboxRank = (tier: ToolAccess["sandbox"]): number => (tier === undefined ? -1 : tiers.indexOf(tier));

const effects = toolAccessSchema.shape.effect.options;
/** What leaves the system counts most. */
export const gravest = (all: readonly ToolAccess["effect"][]): ToolAccess["effect"] =>
  all.reduce((one, other) => (effects.indexOf(one) >= effects.indexOf(other) ? one : other));
