import { similarity, vectorFromText, vectorToText } from "./embedding.ts";

/** Outcomes kept; the oldest makes room. */
const SLOTS = 2_000;
const PREFIX = "outcome.";
/** Nearest outcomes of a model that are asked. */
const NEIGHBOURS = 16;
/** A declared quality weighs as much as four ratings of the very same request. */
const DECLARED_WEIGHT = 4;
/** That nothing visible was wrong says less than a rating, or than a failure. */
const UNRATED_WEIGHT = 0.25;

/** How one call to one model went. */
export interface CallOutcome {
  readonly call: string;
  readonly tenant: string;
  /** `core/model`. */
  readonly model: string;
  readonly query: Int8Array;
  /** 1: nothing visibly wrong; 0: failed, or visibly wrong. */
  readonly seen: 0 | 1;
  /** What the caller said of it, 0…1. */
  readonly rated: number | undefined;
  /** 0 for a call that failed. */
  readonly outputTokens: number;
}

/** What the log foretells of a request to a model. */
export interface Forecast {
  readonly quality: number;
  /** `undefined` where no similar request was answered yet. */
  readonly outputTokens: number | undefined;
  /** Outcomes that it rests on; 0: it is what was declared. */
  readonly neighbours: number;
}

/**
 * How calls went, by request and model: a ring of slots, each a `meta` row of the journal, so that it survives a restart
 * and never grows. Ratings count for their own tenant alone: nobody turns another's calls away from a model.
 */
export class OutcomeLog {
  readonly #slots: (CallOutcome | undefined)[] = [];
  readonly #slotOf = new Map<string, number>();
  readonly #orders: number[] = [];
  #next = 0;
  #order = 0;

  /** From the journal's `meta` rows; what does not parse is left out. */
  restore(meta: ReadonlyMap<string, string>): void {
    let newest = -1;
    let last = -1;
    for (const [key, value] of meta) {
      if (!key.startsWith(PREFIX)) continue;
      const slot = Number(key.slice(PREFIX.length));
      const row = read(value);
      if (!row || !Number.isInteger(slot) || slot < 0 || slot >= SLOTS) continue;
      this.#slots[slot] = row.outcome;
      this.#orders[slot] = row.order;
      this.#slotOf.set(row.outcome.call, slot);
      if (row.order > newest) [newest, last] = [row.order, slot];
    }
    this.#order = newest + 1;
    this.#next = (last + 1) % SLOTS;
  }

  get size(): number {
    return this.#slotOf.size;
  }

  find(call: string): CallOutcome | undefined {
    const slot = this.#slotOf.get(call);
    return slot === undefined ? undefined : this.#slots[slot];
  }

  /** Keeps an outcome, in place of the same call's earlier one. @returns the row for the journal. */
  keep(outcome: CallOutcome): { key: string; value: string } {
    const known = this.#slotOf.get(outcome.call);
    const slot = known ?? this.#next;
    if (known === undefined) {
      const old = this.#slots[slot];
      if (old) this.#slotOf.delete(old.call);
      this.#next = (slot + 1) % SLOTS;
      this.#orders[slot] = this.#order++;
    }
    this.#slots[slot] = outcome;
    this.#slotOf.set(outcome.call, slot);
    const { query, ...rest } = outcome;
    const value = JSON.stringify({ ...rest, query: vectorToText(query), order: this.#orders[slot] });
    return { key: `${PREFIX}${slot}`, value };
  }

  /**
   * Mean of the nearest outcomes by squared similarity, with the declared quality as one of them (k-nearest-neighbour
   * routing: Hu et al., RouterBench, 2024).
   */
  forecast(query: Int8Array, who: { tenant: string; model: string; declared: number }): Forecast {
    const nearest = this.#nearest(query, who.model);
    let [weight, sum] = [DECLARED_WEIGHT, DECLARED_WEIGHT * who.declared];
    let [tokenWeight, tokens] = [0, 0];
    for (const { outcome, near } of nearest) {
      const rated = outcome.tenant === who.tenant ? outcome.rated : undefined;
      const own = near * near * (rated === undefined && outcome.seen === 1 ? UNRATED_WEIGHT : 1);
      weight += own;
      sum += own * (rated ?? outcome.seen);
      if (outcome.outputTokens === 0) continue;
      tokenWeight += near;
      tokens += near * outcome.outputTokens;
    }
    return {
      quality: sum / weight,
      outputTokens: tokenWeight > 0 ? tokens / tokenWeight : undefined,
      neighbours: nearest.length,
    };
  }

  #nearest(query: Int8Array, model: string): { outcome: CallOutcome; near: number }[] {
    const found: { outcome: CallOutcome; near: number }[] = [];
    for (const outcome of this.#slots) {
      if (outcome?.model !== model) continue;
      const near = similarity(query, outcome.query);
      if (near <= 0 || (found.length === NEIGHBOURS && near <= (found[NEIGHBOURS - 1]?.near ?? 0))) continue;
      let at = found.length;
      while (at > 0 && (found[at - 1]?.near ?? 0) < near) at--;
      found.splice(at, 0, { outcome, near });
      if (found.length > NEIGHBOURS) found.pop();
    }
    return found;
  }
}

function read(value: string): { outcome: CallOutcome; order: number } | undefined {
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(value) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { call, tenant, model, seen, rated, outputTokens, order } = row;
  const query = typeof row["query"] === "string" ? vectorFromText(row["query"]) : undefined;
  if (!query || typeof call !== "string" || typeof tenant !== "string" || typeof model !== "string") return undefined;
  if (typeof outputTokens !== "number" || typeof order !== "number") return undefined;
  const outcome: CallOutcome = {
    call,
    tenant,
    model,
    query,
    seen: seen === 1 ? 1 : 0,
    rated: typeof rated === "number" ? rated : undefined,
    outputTokens,
  };
  return { outcome, order };
}
