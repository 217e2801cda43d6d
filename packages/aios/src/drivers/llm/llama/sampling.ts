import type { ChatArgs } from "@aiosjs/sdk/protocol";
import type { SequenceEvaluateOptions, Token } from "node-llama-cpp";
import type { OwnMembers } from "./members.ts";

/** All that decides which token comes after the same logits. Plain data: it travels with a snapshot. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly seed: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** 1 is none. */
  readonly repeatPenalty: number;
}

/** How many of the last tokens of an answer the penalties look at. */
const penalisedTokens = 256;

/** What the caller leaves open is as in llama.cpp: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05. */
export function samplingOf(args: ChatArgs, members: OwnMembers, drawSeed: () => number): Sampling {
  const { temperature = 0.8, topP = 0.95, seed = drawSeed(), frequencyPenalty = 0, presencePenalty = 0 } = args;
  const { topK = 40, minP = 0.05, repeatPenalty = 1 } = members;
  return { temperature, topP, topK, minP, seed, frequencyPenalty, presencePenalty, repeatPenalty };
}

/**
 * The seed of the draw at one position: a function of both alone, so that a call that goes on elsewhere draws the same.
 * The library's generator keeps state from token to token; with a seed of its own each token has none to keep.
 * 31 bits: 0xffffffff would mean "take the time".
 */
function seedAt(seed: number, position: number): number {
  const high = Math.floor(seed / 4_294_967_296) | 0;
  let mixed = Math.imul((seed | 0) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(position + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 1;
}

/** The same for the library; `answer` are the tokens of the answer so far. */
export function evaluateOptions(
  sampling: Sampling,
  answer: readonly Token[],
  position: number,
): SequenceEvaluateOptions {
  const { temperature, topP, topK, minP, seed, frequencyPenalty, presencePenalty, repeatPenalty } = sampling;
  const isPenalised = (frequencyPenalty !== 0 || presencePenalty !== 0 || repeatPenalty !== 1) && answer.length > 0;
  return {
    temperature,
    topP,
    topK,
    minP,
    seed: seedAt(seed, position),
    yieldEogToken: true,
    ...(isPenalised
      ? {
          repeatPenalty: {
            punishTokens: answer.slice(-penalisedTokens),
            maxPunishTokens: penalisedTokens,
            penalty: repeatPenalty,
            frequencyPenalty,
            presencePenalty,
          },
        }
      : {}),
  };
}
