import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { one } from "./draws.ts";

/** What one answer of a retriever is worth; null: not defined for this question, and left out of its mean. */
export interface Score {
  /** Share of the evidence among the first k. Null without evidence. */
  readonly recall: number | null;
  /** 1 / the place of the first evidence, among all that was returned; 0: not there. Null without evidence. */
  readonly reciprocalRank: number | null;
  /** Of the first k returned, the share that is evidence. */
  readonly precision: number;
  readonly f1: number;
  /** 1 where a decoy stands before all evidence, which is what a reader would take for the answer. Null without decoys. */
  readonly trapped: number | null;
}

interface Expected {
  readonly evidence: readonly string[];
  readonly decoys: readonly string[];
}

/**
 * How well `ranked` (note ids, best first) found the evidence, by its first k.
 *
 * A question without evidence (adversarial: never said) is answered right by an empty list alone: precision and F1 are 1 then,
 * and 0 otherwise, as SQuAD 2.0 (arXiv:1806.03822) counts questions without an answer; recall and reciprocal rank are not
 * defined for it. A retriever that always returns k notes therefore gets 0 for it, which is the truth. With evidence, an empty
 * list has precision 0.
 */
export function scoreAt(k: number, ranked: readonly string[], { evidence, decoys }: Expected): Score {
  const top = ranked.slice(0, k);
  const wanted = new Set(evidence);
  const place = ranked.findIndex((id) => wanted.has(id));
  const trap = ranked.findIndex((id) => decoys.includes(id));
  const trapped = decoys.length === 0 ? null : trap >= 0 && (place < 0 || trap < place) ? 1 : 0;
  if (wanted.size === 0) {
    const right = top.length === 0 ? 1 : 0;
    return { recall: null, reciprocalRank: null, precision: right, f1: right, trapped };
  }
  const found = top.filter((id) => wanted.has(id)).length;
  const [recall, precision] = [found / wanted.size, top.length === 0 ? 0 : found / top.length];
  const f1 = found === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { recall, reciprocalRank: place < 0 ? 0 : 1 / (place + 1), precision, f1, trapped };
}

/** A mean over all questions with the 95 % interval of its seeds. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Questions that count. */
  readonly n: number;
}

const resamples = 2_000;

/**
 * The questions of one seed share a world, and are no independent draws: the bootstrap (Efron, 1979; percentiles) draws whole
 * seeds with replacement. One seed alone has no interval: low and high are the mean. NaN where no question counts.
 *
 * @param bySeed the values of each seed's questions; null: does not count
 */
export function estimate(bySeed: readonly (readonly (number | null)[])[]): Estimate {
  const counted = bySeed.map((values) => values.filter((value) => value !== null)).filter(({ length }) => length > 0);
  const sums = counted.map((values) => ({ sum: values.reduce((left, right) => left + right, 0), n: values.length }));
  const mean = meanOf(sums);
  const n = sums.reduce((all, each) => all + each.n, 0);
  if (sums.length < 2) return { mean, low: mean, high: mean, n };
  const random = createSeededRandom(95);
  const means = Array.from({ length: resamples }, () => meanOf(sums.map(() => one(random, sums))));
  means.sort((left, right) => left - right);
  const at = (share: number) => means[Math.round((resamples - 1) * share)] ?? mean;
  return { mean, low: at(0.025), high: at(0.975), n };
}

function meanOf(sums: readonly { readonly sum: number; readonly n: number }[]): number {
  let [sum, n] = [0, 0];
  for (const each of sums) {
    sum += each.sum;
    n += each.n;
  }
  return n === 0 ? Number.NaN : sum / n;
}
