import type { AuditFault, AuditQuery, AuditVerdict } from "../../kernel/ports.ts";
import { BEGAN, entryHash, KEY_REPLACED, noHash, PRUNED } from "./audit-entry.ts";
import type { AuditEntry, Began, PrunedEntries } from "./audit-entry.ts";
import { isSignedBy } from "./audit-signature.ts";
import type { Checkpoint } from "./audit-signature.ts";

/** Where a log stands. */
export interface AuditState extends Omit<Began, "version"> {
  /** The last entry. */
  readonly number: number;
  readonly hash: Uint8Array;
  /** The last one that was forgotten; 0 before the first. */
  readonly cutNumber: number;
  readonly cutHash: Uint8Array;
}

/** An entry as it is found. Texts are bytes: what is no UTF-8 must not pass for what it is read as. */
export interface StoredEntry extends AuditEntry {
  readonly topic: Uint8Array;
  readonly hash: Uint8Array;
  /** Whether every column is of its type. */
  readonly isTyped: boolean;
}

export interface StoredCheckpoint extends Omit<Checkpoint, "home"> {
  readonly key: string;
  readonly signature: Uint8Array;
}

/** One moment of a log, in order of the entries' numbers. */
export interface AuditMoment {
  /** Undefined: there is no log yet. */
  state(): AuditState | undefined;
  entries(afterNumber: number, limit: number): readonly StoredEntry[];
  checkpoints(afterNumber: number, upToNumber: number): readonly StoredCheckpoint[];
  /** An event that is in no entry and no older than the log, or one of those that are gone. */
  stray(state: AuditState): StoredEntry | undefined;
}

export interface AuditSource {
  /** Nothing is written while `look` does. */
  at<T>(look: (moment: AuditMoment) => T): T;
}

export interface AuditProgress {
  readonly done: number;
  readonly of: number;
}

/** Entries of a moment, of up to a megabyte each. */
const PAGE = 128;
/** A log is signed when so many entries are not. */
export const CHECKPOINT_ENTRIES = 1_000;

const fresh = { first: 1, last: 0, hash: "", events: 0, lastSeqBefore: 0, checkpoints: 0, signed: null };
const isSame = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Goes through a log that may be written and pruned meanwhile, a page at a time, and keeps none of it. */
export class AuditCheck {
  readonly #source: AuditSource;
  readonly #query: Pick<AuditQuery, "publicKey" | "expected">;
  readonly #ownKey: string | undefined;
  /** The last entry that was found whole; -1 before the first look. */
  #number = -1;
  #hash: Uint8Array = noHash;
  #first = 1;
  #events = 0;
  #pruned: PrunedEntries | undefined;
  #began: Began | undefined;
  #checkpoints = 0;
  #signed: AuditVerdict["signed"] = null;
  readonly #replaced: { number: number; from: string; to: string }[] = [];
  /** Keys that are neither the home's nor said to have been, and the first entry that they signed. */
  readonly #strangers = new Map<string, number>();
  #isFound = false;

  /** `ownKey`: the home's, in hexadecimal; undefined where nobody knows it. */
  constructor(source: AuditSource, query: Pick<AuditQuery, "publicKey" | "expected">, ownKey: string | undefined) {
    this.#source = source;
    this.#query = query;
    this.#ownKey = ownKey;
  }

  /** Looks at some entries more. */
  step(): AuditProgress | AuditVerdict {
    return this.#source.at((moment) => {
      const state = moment.state();
      if (!state) return { home: null, ...fresh, replacedKeys: [], fault: null };
      const fault = this.#pass(moment, state);
      if (fault === "more") return { done: this.#number, of: state.number };
      return {
        home: state.home,
        first: this.#first,
        last: this.#number,
        hash: hexOf(this.#hash),
        events: this.#events,
        lastSeqBefore: state.lastSeqBefore,
        checkpoints: this.#checkpoints,
        signed: this.#signed,
        replacedKeys: this.#replaced,
        fault: fault ?? null,
      };
    });
  }

  #pass(moment: AuditMoment, state: AuditState): AuditFault | "more" | undefined {
    // Forgotten since the last look, or before the first.
    if (state.cutNumber > this.#number) {
      this.#number = state.cutNumber;
      this.#hash = state.cutHash;
      this.#first = state.cutNumber + 1;
      const [checkpoint] = moment.checkpoints(state.cutNumber - 1, state.cutNumber);
      const fault = checkpoint && this.#sign(state, checkpoint, { number: state.cutNumber, seq: null, topic: null });
      if (fault) return fault;
    }
    const entries = moment.entries(this.#number, PAGE);
    const last = entries.at(-1)?.number ?? this.#number;
    const checkpoints = new Map(moment.checkpoints(this.#number, last).map((one) => [one.number, one]));
    for (const entry of entries) {
      const fault = this.#enter(entry, { moment, state });
      if (fault) return fault;
      const checkpoint = checkpoints.get(entry.number);
      const refused = checkpoint && this.#sign(state, checkpoint, placeOf(entry));
      if (refused) return refused;
    }
    return entries.length === PAGE ? "more" : this.#conclude(moment, state);
  }

  #enter(entry: StoredEntry, { moment, state }: { moment: AuditMoment; state: AuditState }): AuditFault | undefined {
    const number = this.#number + 1;
    if (entry.number !== number) return { what: "gone", number, seq: null, topic: null };
    const place = placeOf(entry);
    if (number > state.number) return { what: "end", ...place };
    const hash = entry.isTyped ? entryHash(this.#hash, entry) : noHash;
    if (!isSame(hash, entry.hash)) return { what: whatDiffers(entry, { hash, moment, state }), ...place };
    const { expected } = this.#query;
    if (expected?.number === number) {
      if (expected.hash.toLowerCase() !== hexOf(hash)) return { what: "entry", ...place };
      this.#isFound = true;
    }
    this.#number = number;
    this.#hash = entry.hash;
    if (entry.seq > 0) this.#events++;
    else if (!this.#understand(entry)) return { what: "entry", ...place };
    return undefined;
  }

  /** Whether an entry of the log's own says what it can say. */
  #understand({ number, topic, body }: StoredEntry): boolean {
    const said = parsed(body);
    switch (Buffer.from(topic).toString()) {
      case BEGAN:
        this.#began = said as Began | undefined;
        return number === 1 && said !== undefined;
      case PRUNED:
        this.#pruned = said as PrunedEntries | undefined;
        return said !== undefined;
      case KEY_REPLACED: {
        const { from, to } = (said ?? {}) as { from?: string; to?: string };
        if (from === undefined || to === undefined) return false;
        this.#replaced.push({ number, from, to });
        return true;
      }
      default:
        return false;
    }
  }

  /** @param place of the entry that was signed */
  #sign(
    { home }: AuditState,
    { signature, key, ...checkpoint }: StoredCheckpoint,
    place: Omit<AuditFault, "what">,
  ): AuditFault | undefined {
    if (!isSame(checkpoint.hash, this.#hash) || !isSignedBy(key, { home, ...checkpoint }, signature))
      return { what: "checkpoint", ...place };
    const { publicKey } = this.#query;
    if (publicKey !== undefined && publicKey.toLowerCase() !== key) return { what: "key", ...place };
    if (key !== this.#ownKey && !this.#strangers.has(key)) this.#strangers.set(key, place.number);
    this.#checkpoints++;
    this.#signed = { number: checkpoint.number, atMs: checkpoint.atMs, key };
    return undefined;
  }

  /** All entries were passed: what only the whole tells. */
  #conclude(moment: AuditMoment, state: AuditState): AuditFault | undefined {
    const number = this.#number + 1;
    const isSignedBeyond = moment.checkpoints(this.#number, Number.MAX_SAFE_INTEGER).length > 0;
    if (state.number > this.#number || isSignedBeyond) return { what: "cut-off", number, seq: null, topic: null };
    if (!isSame(state.hash, this.#hash)) return { what: "end", number: this.#number, seq: null, topic: null };
    if (!this.#saysCut(state)) return { what: "cut", number: this.#first, seq: null, topic: null };
    const stray = moment.stray(state);
    if (stray) return { what: "stray", ...placeOf(stray) };
    const { expected, publicKey } = this.#query;
    // What was forgotten since cannot be compared.
    if (expected && !this.#isFound && expected.number >= this.#first)
      return { what: "cut-off", number, seq: null, topic: null };
    const replaced = new Set(this.#replaced.map(({ from }) => from));
    if (this.#ownKey !== undefined && publicKey === undefined)
      for (const [key, signed] of this.#strangers)
        if (!replaced.has(key)) return { what: "key", number: signed, seq: null, topic: null };
    const signed = this.#signed?.number ?? state.cutNumber;
    const isKeyKnown = publicKey !== undefined || this.#ownKey !== undefined || this.#signed !== null;
    if (isKeyKnown && this.#number - signed >= CHECKPOINT_ENTRIES)
      return { what: "checkpoint", number: signed + 1, seq: null, topic: null };
    return undefined;
  }

  /** Whether an entry says of what is gone that it was forgotten; the first one, where nothing is. */
  #saysCut({ home, cutNumber, cutHash, lastSeqBefore }: AuditState): boolean {
    const said = cutNumber === 0 ? this.#began : this.#pruned;
    if (said?.home !== home || said.lastSeqBefore !== lastSeqBefore) return false;
    return cutNumber === 0 || (this.#pruned?.number === cutNumber && this.#pruned.hash === hexOf(cutHash));
  }
}

/** Which of the two was changed, the next entry knows; the last one's, the row that says where the log ends. */
function whatDiffers(
  entry: StoredEntry,
  { hash, moment, state }: { hash: Uint8Array; moment: AuditMoment; state: AuditState },
): "event" | "hash" | "entry" {
  const next = moment.entries(entry.number, 1).find(({ number }) => number === entry.number + 1);
  const follows = (previous: Uint8Array): boolean => {
    if (next) return next.isTyped && previous.length === noHash.length && isSame(entryHash(previous, next), next.hash);
    return entry.number === state.number && isSame(previous, state.hash);
  };
  if (follows(entry.hash)) return "event";
  return follows(hash) ? "hash" : "entry";
}

const placeOf = ({ number, seq, topic }: StoredEntry): Omit<AuditFault, "what"> => ({
  number,
  seq: seq > 0 ? seq : null,
  topic: Buffer.from(topic).toString(),
});

function parsed(body: string | Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body as Uint8Array).toString()) ?? undefined;
  } catch {
    return undefined;
  }
}
