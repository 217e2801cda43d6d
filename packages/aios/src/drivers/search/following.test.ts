import { afterEach, beforeEach, expect, test } from "vitest";
import { createExactIndex } from "./exact.ts";
import { FollowingIndex } from "./following.ts";
import type { FollowingOptions } from "./following.ts";
import type { HeldVector, PlacedVector, VectorIndex } from "./vector-index.ts";

const DIMENSION = 2;
const place = (id: string, space = "s", vector = Float32Array.of(1, 0)): PlacedVector => ({ id, space, vector });
const query = { vector: Float32Array.of(1, 0), spaces: ["s"], limit: 10 };

/** A program that holds vectors, stays when it is closed, and fails as the test wants. */
class Program {
  readonly stamps = new Map<string, string>();
  readonly #vectors = createExactIndex({ dimension: DIMENSION });
  readonly asked: string[] = [];
  open = 0;
  opened = 0;
  /** Called before each answer. */
  before: (verb: string) => Promise<void> | void = () => {};

  async index(): Promise<VectorIndex> {
    await this.#answer("open");
    this.open++;
    this.opened++;
    return {
      driver: "program",
      put: async (vectors) => {
        await this.#answer("put");
        await this.#vectors.put(vectors);
        for (const { id, stamp = "" } of vectors) this.stamps.set(id, stamp);
      },
      remove: async (ids) => {
        await this.#answer("remove");
        await this.#vectors.remove(ids);
        for (const id of ids) this.stamps.delete(id);
      },
      nearest: async (asked) => {
        await this.#answer("nearest");
        return this.#vectors.nearest(asked);
      },
      count: async () => this.stamps.size,
      held: () => this.#held(),
      [Symbol.asyncDispose]: async () => {
        this.open--;
      },
    };
  }

  async *#held(): AsyncGenerator<readonly HeldVector[]> {
    await this.#answer("held");
    yield [...this.stamps].map(([id, stamp]) => ({ id, stamp }));
  }

  async #answer(verb: string): Promise<void> {
    this.asked.push(verb);
    await this.before(verb);
  }
}

let program: Program;
/** What the index's file holds, in pages of one. */
let file: PlacedVector[];
let last: Promise<void>;
let index: FollowingIndex;
const follow = (more: Partial<FollowingOptions> = {}): FollowingIndex => {
  index = new FollowingIndex({
    name: "program",
    dimension: DIMENSION,
    pages: () => file.map((one) => [one])[Symbol.iterator](),
    open: () => program.index(),
    inTurn: (work) => (last = last.then(work)),
    restMs: 1,
    ...more,
  });
  index.know(file);
  index.begin();
  return index;
};

beforeEach(() => {
  program = new Program();
  file = [];
  last = Promise.resolve();
});
afterEach(() => index[Symbol.asyncDispose]());

const until = async (wanted: () => boolean): Promise<void> => {
  while (!wanted()) await new Promise((resolve) => setImmediate(resolve));
};
const inLine = (): Promise<void> => until(() => index.lag.down === null && !index.lag.isBehind);
const down = (): Promise<void> => until(() => index.lag.down !== null);
const found = async () => (await index.nearest(query)).map(({ id }) => id);

test("what the file holds is put, and what it does not hold is removed", async () => {
  program.stamps.set("stranger", "1").set("b", "old");
  file = [place("a"), place("b"), place("c", "t")];
  follow();
  await inLine();
  expect([...program.stamps.keys()].toSorted()).toEqual(["a", "b", "c"]);
  expect(await found()).toEqual(["a", "b"]);
});

test("what is as it should be is not put again", async () => {
  file = [place("a"), place("b")];
  follow();
  await inLine();
  await index[Symbol.asyncDispose]();
  program.asked.length = 0;
  follow();
  await inLine();
  expect(program.asked).toEqual(["open", "held"]);
});

test("another space or another direction is another stamp", async () => {
  const stamps: (string | undefined)[] = [];
  for (const one of [place("a"), place("a", "t"), place("a", "s", Float32Array.of(0, 1)), place("a")]) {
    file = [one];
    follow();
    await inLine();
    stamps.push(program.stamps.get("a"));
    await index[Symbol.asyncDispose]();
  }
  expect(new Set(stamps).size).toBe(3);
  expect(stamps[3]).toBe(stamps[0]);
});

test("a put that fails is no error, and the program is opened again and put right", async () => {
  follow();
  await inLine();
  let failures = 3;
  program.before = (verb) => {
    if (verb !== "held" && verb !== "nearest" && failures-- > 0) throw new Error("out of order");
  };
  file = [place("a")];
  await index.put(file);
  expect(index.lag).toEqual({ down: "out of order", isBehind: true });
  await expect(found()).rejects.toThrow("program does not answer: out of order");
  await inLine();
  expect(await found()).toEqual(["a"]);
  expect(program.open).toBe(1);
});

test("what changes while everything is compared is in the end as it is in the file", async () => {
  file = [place("a"), place("b"), place("c")];
  program.stamps.set("gone", "1").set("back", "1");
  program.before = async (verb) => {
    if (verb !== "held") return;
    // After what it holds was asked for, and before it is told.
    program.before = () => {};
    const changes = async (): Promise<void> => {
      file = [place("a", "t"), place("b"), place("back")];
      await index.remove(["c"]);
      await index.put([place("a", "t"), place("back")]);
    };
    await (last = last.then(changes));
  };
  follow();
  await inLine();
  expect([...program.stamps.keys()].toSorted()).toEqual(["a", "b", "back"]);
  expect(await found()).toEqual(["b", "back"]);
});

test("what comes back after everything was compared is not taken for a stranger's", async () => {
  program.stamps.set("back", "1");
  const put = (): Promise<void> => index.put([place("back")]);
  function* pages(): Generator<readonly PlacedVector[]> {
    yield [];
    void (last = last.then(put));
  }
  follow({ pages });
  await inLine();
  expect(await found()).toEqual(["back"]);
});

test("a program that says nothing is not waited for again until it answers", async () => {
  follow({ patienceMs: 20 });
  await inLine();
  const silence = Promise.withResolvers<void>();
  program.before = () => silence.promise;
  file = [place("a")];
  await index.put(file);
  expect(index.lag.down).toBe("it said nothing for 20 ms");
  const asked = program.asked.length;
  await index.put([place("b")]);
  file.push(place("b"));
  expect(program.asked.slice(asked).filter((verb) => verb !== "open")).toEqual([]);
  program.before = () => {};
  silence.resolve();
  await inLine();
  expect(await found()).toEqual(["a", "b"]);
});

test("whatever it answers, only what the file places in a named space is told, once, and no more than was asked for", async () => {
  file = [place("a"), place("b"), place("c"), place("d", "t")];
  const answered = [
    { id: "a", similarity: 0.5 },
    { id: "a", similarity: 0.4 },
    { id: "d", similarity: 1 },
    { id: "stranger", similarity: 1 },
    { id: "c", similarity: Number.NaN },
    { id: "b", similarity: 7 },
  ];
  const open = async (): Promise<VectorIndex> => ({ ...(await program.index()), nearest: async () => answered });
  follow({ open });
  await inLine();
  expect(await index.nearest(query)).toEqual([
    { id: "b", similarity: 1 },
    { id: "a", similarity: 0.5 },
  ]);
  expect((await index.nearest({ ...query, limit: 1 })).map(({ id }) => id)).toEqual(["b"]);
  expect((await index.nearest({ ...query, ids: new Set(["a"]) })).map(({ id }) => id)).toEqual(["a"]);
  expect(await index.nearest({ ...query, spaces: [] })).toEqual([]);
});

test("what answers with nonsense is opened again", async () => {
  const nearest = async () => undefined as unknown as [];
  follow({ open: async () => ({ ...(await program.index()), nearest }) });
  await inLine();
  await expect(found()).rejects.toThrow("program does not answer");
  await down();
  await inLine();
});

test("a vector of another dimension is refused before anything is told", async () => {
  follow();
  await inLine();
  program.asked.length = 0;
  await expect(index.put([place("a"), place("b", "s", Float32Array.of(1))])).rejects.toThrow("2 dimensions");
  expect(program.asked).toEqual([]);
  expect(await index.count()).toBe(0);
});

test("what opens after it was closed is closed, too", async () => {
  const opening = Promise.withResolvers<void>();
  program.before = () => opening.promise;
  follow();
  await index[Symbol.asyncDispose]();
  opening.resolve();
  await until(() => program.opened === 1 && program.open === 0);
});
