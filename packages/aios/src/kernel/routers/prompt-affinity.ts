import type { ChatArgs } from "@aiosjs/sdk/protocol";
import type { Lane } from "../lane.ts";
import type { LaneSpeeds } from "./lane-speeds.ts";

/** Characters of a block: 256 tokens, as caches of cores count them. */
const BLOCK_LENGTH = 1_024;
/** Blocks remembered per lane, about a million tokens; the longest unused are forgotten first. */
const MAX_BLOCKS = 4_096;
const TOKENS_PER_BLOCK = 256;
/** What reading a token takes of what writing one takes: prompts are computed a hundred tokens at once, and more. */
const PREFILL_PART = 0.01;
/** Until a lane has answered. */
const UNKNOWN_TOKEN_MS = 10;

/** What each lane has read lately, by a chain of block hashes: a block counts only where all before it are the same. */
export class PromptAffinity {
  readonly #seen = new WeakMap<Lane, Map<number, true>>();

  /** The lane is about to read a prompt that begins so. */
  keep(lane: Lane, blocks: readonly number[]): void {
    if (blocks.length === 0) return;
    const seen = this.#seen.get(lane) ?? new Map<number, true>();
    this.#seen.set(lane, seen);
    for (const block of blocks) {
      seen.delete(block);
      seen.set(block, true);
    }
    for (const oldest of seen.keys()) {
      if (seen.size <= MAX_BLOCKS) return;
      seen.delete(oldest);
    }
  }

  /**
   * Those of the lanes that hold most of the prompt, as long as reading it elsewhere takes longer than waiting for them;
   * else all, in their order.
   */
  near(
    lanes: readonly Lane[],
    { blocks, waitMs, speeds }: { blocks: readonly number[]; waitMs: (lane: Lane) => number; speeds: LaneSpeeds },
  ): readonly Lane[] {
    const held = lanes.map((lane) => this.#held(lane, blocks));
    const most = Math.max(...held);
    const holders = lanes.filter((_, index) => held[index] === most);
    const [holder] = holders;
    if (most === 0 || !holder || holders.length === lanes.length) return lanes;
    const others = lanes.filter((lane) => !holders.includes(lane));
    // Nobody can say how long a full lane that has not answered yet keeps a call waiting.
    const isUnknown = (lane: Lane): boolean => lane.running >= lane.concurrency && speeds.tokenMs(lane) === undefined;
    const waitsMs = (lane: Lane): number => (isUnknown(lane) ? Number.POSITIVE_INFINITY : waitMs(lane));
    const laterMs = Math.min(...holders.map(waitsMs)) - Math.min(...others.map(waitsMs));
    const gained = most - Math.max(...held.filter((count) => count < most));
    const savedMs = gained * TOKENS_PER_BLOCK * PREFILL_PART * (speeds.tokenMs(holder) ?? UNKNOWN_TOKEN_MS);
    // Not a number where both are unknown: then the strategy's order stands.
    return laterMs < savedMs ? holders : lanes;
  }

  #held(lane: Lane, blocks: readonly number[]): number {
    const seen = this.#seen.get(lane);
    if (!seen) return 0;
    const firstNew = blocks.findIndex((block) => !seen.has(block));
    return firstNew < 0 ? blocks.length : firstNew;
  }
}

/** Hashes of the prompt's whole blocks, each of all up to its end. Tenants share none: what one reads tells another nothing. */
export function prefixBlocks(tenant: string, { tools, messages }: ChatArgs): number[] {
  const text = JSON.stringify(tools ?? []) + messages.map((message) => JSON.stringify(message)).join("");
  const blocks: number[] = [];
  const whole = { from: 0, to: tenant.length };
  let [high, low] = [fnv(FNV_BASIS, tenant, whole), fnv(1, tenant, whole)];
  for (let at = 0; at + BLOCK_LENGTH <= text.length; at += BLOCK_LENGTH) {
    const block = { from: at, to: at + BLOCK_LENGTH };
    high = fnv(high, text, block);
    low = fnv(low, text, block);
    // 53 bits: what a number holds exactly.
    blocks.push((high & 0x1fffff) * 2 ** 32 + low);
  }
  return blocks;
}

const FNV_BASIS = 0x811c9dc5;

/** FNV-1a over UTF-16 units, unsigned 32 bits. */
function fnv(start: number, text: string, { from, to }: { from: number; to: number }): number {
  let hash = start;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
