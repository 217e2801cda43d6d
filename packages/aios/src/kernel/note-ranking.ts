import type { Note, ResultOf } from "@aiosjs/sdk/protocol";

type Why = ResultOf<"mem.search">["hits"][number]["why"];
type Lift = NonNullable<Why["lift"]>;

const DAY_MS = 86_400_000;
/** After so long a note is half as recent. */
const HALF_LIFE_MS = 30 * DAY_MS;
/**
 * What each may add to the score, as a share of it. Recency has the least: of dialogues of a year (the dev seeds of bench/mem.ts,
 * asked at their end) 0.02 leaves recall@10 as it is (65.8 to 65.7 %), and 0.12 costs six points of MRR, for most questions are
 * not about the present. Importance says nothing where nobody has said it.
 */
const weights = { recency: 0.02, importance: 0.1, tier: 0.02 } as const;
const nearness: Readonly<Record<Note["tier"], number>> = { working: 1, episodic: 0.5, "long-term": 0 };

/**
 * How far a note's score rises for what it is, whatever was asked: recency, importance and relevance make a score, as in
 * J. S. Park et al., "Generative agents", UIST 2023 (§4.1), recency falling exponentially. There the three are added with equal
 * weights; here the first two, and the tier (short-term before long-term), only multiply the third: `factor` is at most 1, and
 * a note that is more relevant than another by 14 % (ten places in both lists) always comes before it. Recency counts from when
 * the note was written, changed or linked last, not from when it was found: being found would make it be found.
 */
export function liftOf({ updatedAt, importance, tier }: Note, nowMs: number): Lift {
  const recency = 2 ** (-Math.max(0, nowMs - updatedAt) / HALF_LIFE_MS);
  const { recency: ofRecency, importance: ofImportance, tier: ofTier } = weights;
  const most = 1 + ofRecency + ofImportance + ofTier;
  const factor = (1 + ofRecency * recency + ofImportance * importance + ofTier * nearness[tier]) / most;
  return { recency, importance, tier, factor };
}
