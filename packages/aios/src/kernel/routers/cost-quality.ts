import { costUsd } from "../clamp.ts";
import type { Lane } from "../lane.ts";
import { choose, priceOfQuality } from "./lagrange.ts";
import type { Option } from "./lagrange.ts";
import { modelName } from "./strategy.ts";
import type { Choice, LaneFacts, RouteView, Strategy } from "./strategy.ts";

/** Until so many outcomes are in the log, models are what the configuration declares them to be. */
const OUTCOMES_TO_LEARN = 50;
/** Of a model for which nothing is declared: no claim. */
const UNDECLARED = 0.5;
/** A lane whose wait is so long counts twice as dear: the multiplier of the load constraint. */
const DOUBLING_WAIT_MS = 10_000;

interface Offer extends Option {
  readonly lane: Lane;
  readonly facts: LaneFacts;
}

/**
 * Cheapest models that keep the mean quality at alpha. Each model's quality and answer length for this request come from
 * the outcomes of similar ones; the price of quality from the last 64 requests together, so that money goes where it
 * buys most; where the last choices fell short of alpha, this one makes up for it. The call stands in the lane that was
 * chosen and in all that are as good or good enough, in order of cost, so that a full one blocks nobody.
 */
export const costQuality: Strategy = {
  name: "cost-quality",
  rank(all, view) {
    // What a model without a price would cost nobody knows: it is not taken for cheap, nor for any figure.
    const priced = all.filter(({ lane }) => lane.price);
    const choices = priced.length > 0 ? priced : all;
    const offers = offersOf(choices, view);
    const { ledger, settings } = view;
    const { alpha } = settings;
    // What the last choices fell short is made up for, and what they exceeded may be spent.
    const wanted = Math.min(1, Math.max(0, alpha + ledger.shortfall(alpha)));
    const { low, high } = priceOfQuality([...ledger.rows, offers], wanted);
    const [cheaper, better] = [offers[choose(offers, low)] as Offer, offers[choose(offers, high)] as Offer];
    // Greedy repair: just below the dual's price alpha is missed, at it exceeded; the upgrade is bought when it is needed.
    const pick = ledger.wouldMiss(alpha, cheaper.quality) ? better : cheaper;
    const least = Math.min(pick.quality, alpha);
    const byCost = offers.toSorted((left, right) => left.cost - right.cost || right.quality - left.quality);
    const others = byCost.filter((offer) => offer !== pick && offer.quality >= least);
    return {
      groups: [[pick, ...others].map(({ lane }) => lane)],
      leftOut: [
        ...all.filter((choice) => !choices.includes(choice)).map(({ lane }) => ({ lane, why: "price" as const })),
        ...byCost.filter(({ quality }) => quality < least).map(({ lane }) => ({ lane, why: "quality" as const })),
      ],
      facts: new Map(offers.map(({ lane, facts }) => [lane, facts])),
    };
  },
};

function offersOf(choices: readonly Choice[], view: RouteView): Offer[] {
  const isLearned = view.outcomes.size >= OUTCOMES_TO_LEARN;
  return choices.map((choice) => {
    const { lane, inputTokens, waitMs } = choice;
    const declared = lane.spec.quality ?? UNDECLARED;
    const { quality, neighbours, ...forecast } = isLearned
      ? view.outcomes.forecast(view.query(), { tenant: view.tenant, model: modelName(lane), declared })
      : { quality: declared, neighbours: 0, outputTokens: undefined };
    const outputTokens = forecast.outputTokens ?? choice.outputTokens;
    const price = costUsd(lane.price, { inputTokens, cachedInputTokens: 0, outputTokens });
    const cost = price * (1 + waitMs / DOUBLING_WAIT_MS);
    return { lane, quality, cost, facts: { quality, neighbours, waitMs, ...(lane.price ? { costUsd: price } : {}) } };
  });
}

/** For the ledger: what this request was offered. */
export const optionsOf = (facts: ReadonlyMap<Lane, LaneFacts>): Option[] =>
  [...facts.values()].map(({ costUsd: cost = 0, quality = UNDECLARED }) => ({ cost, quality }));
