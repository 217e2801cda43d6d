import { createHash } from "node:crypto";
import { FaultError } from "../sql/fault.ts";
import { ordered, refuseOther } from "./directions.ts";
import { isSparse } from "./vector-index.ts";
import type { Near, NearQuery, PlacedVector, VectorIndex } from "./vector-index.ts";

/** What is asked outside of an order holds up nobody. */
const LONG_PATIENCE_MS = 60_000;
const MAX_REST_MS = 60_000;
const ORPHANS = 500;

export interface FollowingOptions {
  /** What its user calls it: `chroma at http://127.0.0.1:8000`. */
  readonly name: string;
  readonly dimension: number;
  /** All that the index's file holds of them, each page as it is when it is asked for. */
  readonly pages: () => Iterator<readonly PlacedVector[]>;
  readonly open: () => Promise<VectorIndex>;
  /** Between two orders to the thread: nothing else reads or writes the file meanwhile. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  /** Longest that one step of the other program is waited for: nothing else is answered meanwhile. Default 5,000. */
  readonly patienceMs?: number;
  /** Before the second try to open it again, doubled with each; the first comes at once. Default 1,000. */
  readonly restMs?: number;
}

/** What keeps vectors from being searched as the file has them. */
export interface Lag {
  /** Why it is not asked; null: it is there. */
  readonly down: string | null;
  /** It may lack vectors, or hold old ones: they are being compared. */
  readonly isBehind: boolean;
}

/**
 * Vectors that another program searches, or a file of their own. The index's file has them all and comes first: a put or a
 * removal that the other cannot follow is no error. It is opened again, in the background, until it is there; then all that it
 * holds is compared with the file and put right. Meanwhile nothing is found by vectors. Whatever it answers, a vector that the
 * file does not place in a named space is not told.
 */
export class FollowingIndex implements VectorIndex {
  readonly driver: string;
  readonly #options: FollowingOptions;
  readonly #patienceMs: number;
  /** What the file holds. */
  readonly #spaceOf = new Map<string, string>();
  #opening: Promise<VectorIndex> | undefined;
  #index: VectorIndex | undefined;
  #down: string | null = "it is being opened";
  #isBehind = true;
  /** The latest of the tries to open it; what an earlier one finds out counts no more. */
  #attempt = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FollowingOptions) {
    this.driver = options.name;
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? 5_000;
  }

  /** The file holds these already: before `begin`. */
  know(placed: readonly PlacedVector[]): void {
    for (const { id, space } of placed) this.#spaceOf.set(id, space);
  }

  begin(): void {
    void this.#follow();
  }

  get lag(): Lag {
    return { down: this.#down, isBehind: this.#isBehind };
  }

  async put(vectors: readonly PlacedVector[]): Promise<void> {
    for (const { vector } of vectors) refuseOther(vector, this.#options.dimension);
    for (const { id, space } of vectors) this.#spaceOf.set(id, space);
    if (vectors.length > 0) await this.#tell((index) => index.put(vectors.map(stamped)));
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#spaceOf.delete(id);
    if (ids.length > 0) await this.#tell((index) => index.remove(ids));
  }

  /** @throws FaultError `down` while it is not there */
  async nearest(query: NearQuery): Promise<readonly Near[]> {
    refuseOther(query.vector, this.#options.dimension);
    const index = this.#index;
    if (index === undefined) throw this.#fault();
    try {
      const near = await patient(index.nearest(query), this.#patienceMs);
      const spaces = new Set(query.spaces);
      const told = new Set<string>();
      const isTold = ({ id }: Near): boolean => {
        const space = this.#spaceOf.get(id);
        const isOurs = space !== undefined && spaces.has(space) && (query.ids?.has(id) ?? true) && !told.has(id);
        if (isOurs) told.add(id);
        return isOurs;
      };
      return ordered(near.filter(isTold), query.limit);
    } catch (cause) {
      this.#lose(index, cause);
      throw this.#fault();
    }
  }

  async count(): Promise<number> {
    return this.#spaceOf.size;
  }

  /** Where it is not there now, what it holds stays there. */
  async erase(): Promise<void> {
    this.#isClosed = true;
    try {
      const index = this.#index ?? (await patient(this.#opening ?? this.#options.open(), this.#patienceMs));
      await patient(index.erase?.() ?? Promise.resolve(), this.#patienceMs);
    } catch {
      // Nothing asks it again.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await quietly(this.#index);
    this.#index = undefined;
  }

  async #tell(work: (index: VectorIndex) => Promise<void>): Promise<void> {
    const index = this.#index;
    if (index === undefined) return;
    try {
      await patient(work(index), this.#patienceMs);
    } catch (cause) {
      this.#lose(index, cause);
    }
  }

  /** Opens it, and puts right what differs. */
  async #follow(): Promise<void> {
    const attempt = ++this.#attempt;
    const opening = this.#options.open();
    this.#opening = opening;
    try {
      const index = await patient(opening, LONG_PATIENCE_MS);
      await this.#align(index, () => attempt === this.#attempt && !this.#isClosed);
    } catch (cause) {
      // It may still open when nobody waits for it any more.
      void opening.then(quietly, () => undefined);
      if (attempt === this.#attempt && !this.#isClosed) this.#retry(cause);
    }
  }

  async #align(index: VectorIndex, isOurs: () => boolean): Promise<void> {
    const { inTurn, pages } = this.#options;
    await inTurn(async () => {
      if (!isOurs()) return quietly(index);
      this.#index = index;
      this.#down = null;
    });
    const held = await heldBy(index, isOurs);
    const file = pages();
    for (let isDone = false; !isDone && isOurs();) {
      await inTurn(async () => {
        if (!isOurs()) return;
        const page = file.next();
        isDone = page.done === true;
        if (page.done === true) return;
        const wrong = page.value.map(stamped).filter(({ id, stamp }) => held.get(id) !== stamp);
        if (wrong.length > 0) await patient(index.put(wrong), this.#patienceMs);
        for (const { id } of page.value) held.delete(id);
      });
    }
    const orphans = [...held.keys()];
    for (let from = 0; from < orphans.length && isOurs(); from += ORPHANS) {
      await inTurn(async () => {
        const gone = orphans.slice(from, from + ORPHANS).filter((id) => !this.#spaceOf.has(id));
        if (isOurs() && gone.length > 0) await patient(index.remove(gone), this.#patienceMs);
      });
    }
    if (!isOurs()) return;
    this.#failures = 0;
    this.#isBehind = false;
  }

  #lose(index: VectorIndex, cause: unknown): void {
    if (index !== this.#index || this.#isClosed) return;
    void quietly(index);
    this.#retry(cause);
  }

  #retry(cause: unknown): void {
    const { restMs = 1_000 } = this.#options;
    this.#attempt++;
    this.#opening = undefined;
    this.#index = undefined;
    this.#isBehind = true;
    // What follows is advice to those who wrote the program that asks.
    [this.#down = ""] = (cause instanceof Error ? cause.message : String(cause)).split(/(?<=\.)\s/);
    const rest = this.#failures === 0 ? 0 : Math.min(MAX_REST_MS, restMs * 2 ** (this.#failures - 1));
    this.#failures++;
    this.#timer = setTimeout(() => void this.#follow(), rest).unref();
  }

  #fault(): FaultError {
    const message = `${this.driver} does not answer: ${this.#down}`;
    return new FaultError({
      kind: "down",
      message,
      hint: "it is tried again in the background; words find notes meanwhile",
    });
  }
}

/** All its stamps, by id; none where it begins empty. */
async function heldBy(index: VectorIndex, isWanted: () => boolean): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  const pages = index.held?.()[Symbol.asyncIterator]();
  for (;;) {
    const page = await patient(pages?.next() ?? ended, LONG_PATIENCE_MS);
    if (page.done === true || !isWanted()) return held;
    for (const { id, stamp } of page.value) held.set(id, stamp);
  }
}

const ended: Promise<IteratorReturnResult<undefined>> = Promise.resolve({ done: true, value: undefined });

const stamped = (one: PlacedVector): PlacedVector & { readonly stamp: string } => {
  const { space, vector } = one;
  const hash = createHash("sha1").update(`${space}\0`);
  if (isSparse(vector)) hash.update(bytes(vector.indices));
  return { ...one, stamp: hash.update(bytes(isSparse(vector) ? vector.values : vector)).digest("base64url") };
};

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

async function patient<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => silence.reject(new Error(`it said nothing for ${patienceMs} ms`)), patienceMs);
  // It may still fail when nobody waits for it any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function quietly(index: VectorIndex | undefined): Promise<void> {
  try {
    await index?.[Symbol.asyncDispose]();
  } catch {
    // What is closed after a failure may fail again.
  }
}
