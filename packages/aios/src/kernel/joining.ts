import type { EmbedArgs } from "@aiosjs/sdk/protocol";
import { batchingOf } from "./batch.ts";
import type { CallRecord } from "./call-record.ts";
import type { Lane } from "./lane.ts";
import type { Entry } from "./scheduler.ts";

/** What decides whether calls may share a request. */
export interface Joinable {
  /** Calls of the same key say the same of everything but their inputs. */
  readonly key: string;
  readonly inputs: number;
}

/** Undefined for calls that always go alone. */
export function joinableOf({ name, args }: CallRecord): Joinable | undefined {
  if (name !== "llm.embed") return undefined;
  const { input, dimensions, foreign } = args as EmbedArgs;
  const texts = input.filter((item) => typeof item === "string").length;
  // Texts and token ids have no common list on the wires there are.
  if (texts > 0 && texts < input.length) return undefined;
  return { key: JSON.stringify([texts > 0, dimensions, foreign]), inputs: input.length };
}

/** Knows which calls wait for company, and who may go along with whom. */
export class Joining {
  readonly #waiting = new WeakMap<Lane, { calls: number; inputs: Map<string, number> }>();

  stood(lane: Lane, { joinable }: Entry): void {
    if (joinable) this.#count(lane, joinable, 1);
  }

  left(lane: Lane, { joinable }: Entry): void {
    if (joinable) this.#count(lane, joinable, -1);
  }

  #count(lane: Lane, { key, inputs }: Joinable, sign: 1 | -1): void {
    if (!batchingOf(lane)) return;
    const known = this.#waiting.get(lane);
    const waiting = known ?? { calls: 0, inputs: new Map<string, number>() };
    if (!known) this.#waiting.set(lane, waiting);
    waiting.calls += sign;
    const count = (waiting.inputs.get(key) ?? 0) + sign * inputs;
    if (count > 0) waiting.inputs.set(key, count);
    else waiting.inputs.delete(key);
  }

  /** Milliseconds that the next call may still wait for company. None while anybody waits who gains nothing by it. */
  waitMs(lane: Lane, { joinable, class: urgency, arrivedMs }: Entry, nowMs: number): number {
    const batching = batchingOf(lane);
    if (!batching || !joinable || urgency === "interactive") return 0;
    const waiting = this.#waiting.get(lane);
    if (!waiting || waiting.calls < lane.queue.size || lane.queue.peek("interactive")) return 0;
    if ((waiting.inputs.get(joinable.key) ?? 0) >= batching.maxSize) return 0;
    return Math.max(0, arrivedMs + batching.maxWaitMs - nowMs);
  }

  /**
   * The call that goes along next, as the policy has it: the first that waits, if it may share the request and the token
   * buckets allow it. An interactive call takes nobody along who is not: a longer request would delay it.
   */
  next(lane: Lane, first: Entry, { inputs, nowMs }: { inputs: number; nowMs: number }): Entry | undefined {
    const batching = batchingOf(lane);
    if (!batching || !first.joinable) return undefined;
    const entry = lane.queue.peek(first.class === "interactive" ? "interactive" : undefined)?.entry as
      | Entry
      | undefined;
    if (entry?.joinable?.key !== first.joinable.key || inputs + entry.joinable.inputs > batching.maxSize)
      return undefined;
    return hasTokens(lane, entry, nowMs) ? entry : undefined;
  }
}

/** As the lane itself decides, but for the request and the slot, which are there already. */
function hasTokens(lane: Lane, { demand, class: urgency }: Entry, nowMs: number): boolean {
  for (const bucket of lane.buckets.values()) {
    if (bucket.name === "requests" || bucket.name === "outputTokens") continue;
    const kept = urgency === "interactive" || bucket.capacity < demand.inputTokens * 2 ? 0 : demand.inputTokens;
    if (bucket.waitMs(demand.inputTokens, kept, nowMs) > 0) return false;
  }
  return true;
}

/** What a call that goes along takes: its tokens, but neither a request nor a slot. */
export function takeAlong(lane: Lane, { demand }: Entry, nowMs: number): void {
  for (const bucket of lane.buckets.values())
    if (bucket.name === "inputTokens" || bucket.name === "tokens") bucket.take(demand.inputTokens, nowMs);
}
