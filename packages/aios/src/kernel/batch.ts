import { cacheWrites, isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { EmbedArgs, EmbedResult, Usage } from "@aiosjs/sdk/protocol";
import type { Lane } from "./lane.ts";
import type { Core, DriverContext, DriverEvent } from "./ports.ts";

type Events = AsyncIterable<readonly DriverEvent[]>;

/** One call's part of a request. */
interface Part {
  readonly args: EmbedArgs;
  readonly context: DriverContext;
  /** As estimated: what its share of the usage goes by. */
  readonly inputTokens: number;
}

interface Member extends Part {
  readonly events: DriverEvent[];
  readonly ended: PromiseWithResolvers<{ readonly cause: unknown } | undefined>;
  isOver: boolean;
}

/**
 * Calls that go to their upstream as one request: inputs joined in order, vectors handed back to whom they belong. A vector
 * depends on its own text alone, so calls of several tenants may share a request; each is still charged for its own part.
 * Each has its own end: who cancels leaves, and the request is broken off when nobody is left.
 */
export class Batch {
  readonly #lane: Lane;
  readonly #nowMs: () => number;
  readonly #members: Member[] = [];
  readonly #abort = new AbortController();
  #hasSpoken = false;

  constructor(lane: Lane, nowMs: () => number) {
    this.#lane = lane;
    this.#nowMs = nowMs;
  }

  /** Takes a call in, until `send`; its events come like those of a driver. */
  execute(part: Part): Events {
    const member: Member = { ...part, events: [], ended: Promise.withResolvers(), isOver: false };
    this.#members.push(member);
    return eventsOf(member);
  }

  /** What became of the request says something of the lane once, not once for each call: true for the first who asks. */
  speaksForLane(): boolean {
    const isFirst = !this.#hasSpoken;
    this.#hasSpoken = true;
    return isFirst;
  }

  send(): void {
    for (const member of this.#members)
      member.context.signal.addEventListener("abort", () => this.#leave(member), { once: true });
    const [only] = this.#members;
    if (only) void (this.#members.length === 1 ? this.#sendAlone(only) : this.#sendJoined());
  }

  get #present(): readonly Member[] {
    return this.#members.filter(({ isOver }) => !isOver);
  }

  #leave(member: Member): void {
    const { reason } = member.context.signal;
    if (member.isOver || this.#members.length === 1) return; // a single one has the request's own signal
    if (this.#present.length > 1) end(member, { cause: reason });
    // The last one to leave holds the slot until the upstream has let go.
    else this.#abort.abort(reason);
  }

  async #sendJoined(): Promise<void> {
    const first = this.#members[0] as Member;
    const args = { ...first.args, input: this.#members.flatMap((member) => member.args.input) };
    const context = { ...first.context, signal: this.#abort.signal };
    try {
      for await (const batch of this.#lane.driver.execute("llm.embed", args, context))
        for (const event of batch) this.#tell(event);
      this.#endAll({ cause: new SysError("EIO", `${this.#lane.driver.name} ended without a result`) });
    } catch (cause) {
      if (isSelfInflicted(cause)) return this.#sendApart();
      this.#endAll({ cause });
    }
  }

  #tell(event: DriverEvent): void {
    if (event.type === "result") return this.#split(event);
    // The limits are the lane's: one hears them for all.
    const hearers = event.type === "limits" ? this.#present.slice(0, 1) : this.#present;
    for (const member of hearers) member.events.push(event);
  }

  #split({ result, usage }: Extract<DriverEvent, { type: "result" }>): void {
    const answer = result as EmbedResult;
    const wanted = this.#members.reduce((count, { args }) => count + args.input.length, 0);
    if (answer.embeddings.length !== wanted)
      throw new SysError(
        "EIO",
        `${this.#lane.driver.name} gave ${answer.embeddings.length} vectors for ${wanted} texts`,
      );
    const shares = usage && sharesOf(usage, this.#members);
    let from = 0;
    for (const [index, member] of this.#members.entries()) {
      const embeddings = answer.embeddings.slice(from, (from += member.args.input.length));
      const share = shares?.[index];
      member.events.push({ type: "result", result: { ...answer, embeddings }, ...(share ? { usage: share } : {}) });
      end(member, undefined);
    }
  }

  /** One text that the upstream refuses must not fail the others: each goes on its own, one after the other in the same slot. */
  async #sendApart(): Promise<void> {
    for (const member of this.#members) {
      if (member.isOver) continue;
      this.#lane.buckets.get("requests")?.take(1, this.#nowMs());
      await this.#sendAlone(member);
    }
  }

  async #sendAlone(member: Member): Promise<void> {
    try {
      for await (const batch of this.#lane.driver.execute("llm.embed", member.args, member.context))
        member.events.push(...batch);
      end(member, undefined);
    } catch (cause) {
      end(member, { cause });
    }
  }

  #endAll({ cause }: { cause: unknown }): void {
    const isShared = new Set(this.#members.map(({ context }) => context.tenant)).size > 1;
    const told = isShared ? withoutWords(cause, this.#lane.driver.name) : cause;
    for (const member of this.#present) end(member, { cause: told });
  }
}

/** What happened, without the upstream's own words: they may repeat a text of another tenant's. */
function withoutWords(cause: unknown, core: string): SysError {
  const { code, retryable, retryAfterMs, hint } = isSysError(cause) ? cause : new SysError("EIO", `${core} failed`);
  return new SysError(code, `core ${core} failed at a request that carried texts of several tenants`, {
    hint,
    retryable,
    retryAfterMs,
  });
}

function end(member: Member, failure: { cause: unknown } | undefined): void {
  member.isOver = true;
  member.ended.resolve(failure);
}

async function* eventsOf({ events, ended }: Member): AsyncGenerator<readonly DriverEvent[]> {
  const failure = await ended.promise;
  if (events.length > 0) yield events;
  if (failure) throw failure.cause;
}

/** The upstream did not like what it was sent, and would not like it the next time. */
const isSelfInflicted = (cause: unknown): boolean =>
  isSysError(cause) && (cause.code === "EINVAL" || cause.code === "E2BIG");

/** Splits what was used by the members' own estimates, so that the parts add up to the whole exactly. */
function sharesOf(usage: Usage, members: readonly { inputTokens: number }[]): Usage[] {
  const total = members.reduce((sum, { inputTokens }) => sum + Math.max(1, inputTokens), 0);
  let before = 0;
  return members.map(({ inputTokens }) => {
    const [from, to] = [before / total, (before += Math.max(1, inputTokens)) / total];
    const part = (whole: number): number => Math.round(whole * to) - Math.round(whole * from);
    return {
      inputTokens: part(usage.inputTokens),
      cachedInputTokens: part(usage.cachedInputTokens),
      ...cacheWrites(part(usage.cacheWriteInputTokens ?? 0), part(usage.cacheWriteHourInputTokens ?? 0)),
      outputTokens: part(usage.outputTokens),
      reasoningTokens: part(usage.reasoningTokens),
      costUsd: usage.costUsd * (to - from),
      wastedTokens: part(usage.wastedTokens),
    };
  });
}

/** How many inputs this lane's core takes in one request, and how long a call waits for company; undefined: it takes each alone. */
export const batchingOf = ({ driver }: Lane): Core["batching"] => (driver as Core).batching;
