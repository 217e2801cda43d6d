import { SysError } from "@aiosjs/sdk/protocol";
import type { Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { KvFile, KvFiles } from "./kv-files.ts";

/** Whose state a sequence holds. No tenant ever sees, or gains time by, what another one computed. */
export interface Owner {
  readonly tenant: TenantId;
  readonly pid: Pid;
}

/** Where the state of a preempted call is. It stays in its sequence until that is wanted. */
export interface Parked {
  readonly tenant: TenantId;
  /** Tokens whose state was computed. */
  readonly tokens: number;
  at:
    | { readonly is: "slot"; readonly slot: Slot }
    | { readonly is: "file"; readonly file: KvFile }
    | { readonly is: "nowhere" };
}

export interface Slot {
  readonly sequence: LlamaContextSequence;
  isBusy: boolean;
  holds: { readonly owner: Owner; readonly usedAt: number; parked: Parked | undefined } | undefined;
}

interface Lease {
  readonly slot: Slot;
  /** Tokens of those asked for whose state is there. */
  readonly cachedTokens: number;
}

/** A state below it is computed again sooner than it is worth a file. */
const fileTokens = 256;
/** So many tokens in common make another process's state of the same tenant worth taking over. */
const sharedTokens = 64;

/** The sequences of one engine, and what they keep between calls. */
export class Slots {
  readonly #slots: readonly Slot[];
  readonly #files: KvFiles;
  readonly #core: string;
  /** Cached state is cut to a multiple of so many tokens; 1 keeps all. */
  readonly #cutTokens: number;
  /** States of processes whose sequence another call took. */
  readonly #spilled = new Map<string, { file: KvFile; tokens: readonly Token[] }>();
  #uses = 0;

  constructor(
    sequences: readonly LlamaContextSequence[],
    { files, core, cutTokens }: { files: KvFiles; core: string; cutTokens: number },
  ) {
    this.#slots = sequences.map((sequence) => ({ sequence, isBusy: false, holds: undefined }));
    this.#files = files;
    this.#core = core;
    this.#cutTokens = cutTokens;
  }

  get free(): number {
    return this.#slots.filter(({ isBusy }) => !isBusy).length;
  }

  /**
   * A sequence with as much of the state of `tokens` as there is, but without the last one's, which has to be computed
   * for the next to be drawn.
   * @throws SysError EAGAIN where all sequences run.
   */
  async take(
    tokens: readonly Token[],
    { owner, parked }: { owner: Owner; parked: Parked | undefined },
  ): Promise<Lease> {
    const slot = this.#choose(tokens, owner, parked);
    if (!slot)
      throw new SysError("EAGAIN", `core ${this.#core}: all ${this.#slots.length} sequences are in use`, {
        retryAfterMs: 250,
        hint: "more sequences take more memory: llms.cores[].sequences",
      });
    slot.isBusy = true;
    const { holds, sequence } = slot;
    slot.holds = undefined;
    try {
      const isOwnParked = parked !== undefined && holds?.parked === parked;
      const isOwn = isOwnParked || (holds?.parked === undefined && holds?.owner.pid === owner.pid);
      if (holds && !isOwn) await this.#spill(sequence, holds);
      if (holds?.owner.tenant !== owner.tenant) await sequence.clearHistory();
      if (parked?.at.is === "file") await this.#load(sequence, parked.at.file, owner);
      else if (!parked) await this.#loadSpilled(sequence, tokens, owner);
      return { slot, cachedTokens: await this.#align(sequence, tokens, parked !== undefined) };
    } catch (cause) {
      slot.isBusy = false;
      throw cause;
    }
  }

  /** The call has ended; its state stays while nobody wants the sequence. */
  release(slot: Slot, owner: Owner): void {
    slot.isBusy = false;
    slot.holds = { owner, usedAt: ++this.#uses, parked: undefined };
  }

  /** The call made way. */
  park(slot: Slot, owner: Owner): Parked {
    const parked: Parked = { tenant: owner.tenant, tokens: slot.sequence.nextTokenIndex, at: { is: "slot", slot } };
    slot.isBusy = false;
    slot.holds = { owner, usedAt: ++this.#uses, parked };
    return parked;
  }

  /** The state is wanted no more. */
  discard(parked: Parked): void {
    // In its sequence it goes on as what the process last computed.
    if (parked.at.is === "slot" && parked.at.slot.holds?.parked === parked) parked.at.slot.holds.parked = undefined;
    if (parked.at.is === "file") this.#files.drop(parked.at.file);
    parked.at = { is: "nowhere" };
  }

  /** Runs `use` while nothing else touches the sequence that holds `parked`; undefined where none does. */
  async withParked<Result>(parked: Parked, use: (slot: Slot) => Promise<Result>): Promise<Result | undefined> {
    if (parked.at.is !== "slot" || !this.#slots.includes(parked.at.slot)) return undefined;
    const { slot } = parked.at;
    slot.isBusy = true;
    try {
      return await use(slot);
    } finally {
      slot.isBusy = false;
    }
  }

  /** The engine is gone, and with it what its sequences held. */
  forget(): void {
    for (const { holds } of this.#slots) if (holds?.parked) holds.parked.at = { is: "nowhere" };
  }

  #choose(tokens: readonly Token[], owner: Owner, parked: Parked | undefined): Slot | undefined {
    const idle = this.#slots.filter(({ isBusy }) => !isBusy);
    const holding = parked && idle.find(({ holds }) => holds?.parked === parked);
    if (holding) return holding;
    const byUse = idle.toSorted((one, other) => (one.holds?.usedAt ?? 0) - (other.holds?.usedAt ?? 0));
    const cached = byUse.filter(({ holds }) => holds?.parked === undefined);
    const own = cached.find(({ holds }) => holds?.owner.pid === owner.pid && holds.owner.tenant === owner.tenant);
    if (own && !parked) return own;
    const empty = cached.find(({ holds }) => holds === undefined);
    if (empty) return empty;
    const related = cached
      .filter(({ holds }) => holds?.owner.tenant === owner.tenant)
      .map((slot) => ({ slot, common: commonTokens(slot.sequence.contextTokens, tokens) }))
      .filter(({ common }) => common >= sharedTokens)
      .toSorted((one, other) => other.common - one.common);
    return related[0]?.slot ?? cached[0] ?? byUse[0];
  }

  async #spill(sequence: LlamaContextSequence, { owner, parked }: NonNullable<Slot["holds"]>): Promise<void> {
    if (parked) {
      const file = await this.#files.save(sequence, owner.tenant);
      // It may have been discarded meanwhile.
      if (parked.at.is === "slot") parked.at = file ? { is: "file", file } : { is: "nowhere" };
      else if (file) this.#files.drop(file);
      return;
    }
    if (sequence.nextTokenIndex < fileTokens) return;
    const tokens = [...sequence.contextTokens];
    const file = await this.#files.save(sequence, owner.tenant);
    this.#forgetSpilled(owner);
    if (file) this.#spilled.set(keyOf(owner), { file, tokens });
  }

  async #load(sequence: LlamaContextSequence, file: KvFile, owner: Owner): Promise<void> {
    if (!(await this.#files.load(sequence, file, owner.tenant))) await sequence.clearHistory();
    this.#files.drop(file);
  }

  async #loadSpilled(sequence: LlamaContextSequence, tokens: readonly Token[], owner: Owner): Promise<void> {
    const spilled = this.#spilled.get(keyOf(owner));
    if (!spilled) return;
    const gain = commonTokens(spilled.tokens, tokens) - commonTokens(sequence.contextTokens, tokens);
    if (gain >= sharedTokens) await this.#load(sequence, spilled.file, owner);
    this.#forgetSpilled(owner);
  }

  #forgetSpilled(owner: Owner): void {
    const spilled = this.#spilled.get(keyOf(owner));
    if (spilled) this.#files.drop(spilled.file);
    this.#spilled.delete(keyOf(owner));
  }

  async #align(sequence: LlamaContextSequence, tokens: readonly Token[], isResumed: boolean): Promise<number> {
    const common = Math.min(commonTokens(sequence.contextTokens, tokens), tokens.length - 1);
    const isWhole = isResumed && common === sequence.nextTokenIndex;
    const kept = isWhole ? common : Math.floor(common / this.#cutTokens) * this.#cutTokens;
    // Models whose state cannot be cut (recurrent ones) start again; what is there then is what counts.
    if (kept < sequence.nextTokenIndex) await sequence.adaptStateToTokens(tokens.slice(0, kept), false);
    return sequence.nextTokenIndex;
  }
}

const keyOf = ({ tenant, pid }: Owner): string => `${tenant} ${pid}`;

function commonTokens(left: readonly Token[], right: readonly Token[]): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left[at] === right[at]) at++;
  return at;
}
