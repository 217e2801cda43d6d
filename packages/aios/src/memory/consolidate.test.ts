import { expect, test } from "vitest";
import { noteOf } from "../../test/note-of.ts";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { applyEvolution } from "./apply.ts";
import { notesToDistil } from "./consolidate.ts";
import { distilledLinks } from "./distil.ts";

const DAY_MS = 86_400_000;
const nowMs = 100 * DAY_MS;
const tea = (id: string, parts = {}) =>
  noteOf(id, { content: "Ada drinks green tea in the morning.", keywords: ["Ada", "green tea"], ...parts });
const server = (id: string, parts = {}) =>
  noteOf(id, { content: "服务器在柏林机房宕机。", keywords: ["服务器", "柏林机房"], ...parts });
const idsOf = (groups: ReturnType<typeof notesToDistil>) => groups.map((group) => group.map(({ id }) => id).toSorted());

test("notes that say much the same are put together, in English and in Chinese, and strangers are not", () => {
  const notes = [
    tea("t1"),
    server("s1"),
    tea("t2", { importance: 0.6 }),
    server("s2"),
    noteOf("alone", { content: "Something else." }),
  ];
  expect(idsOf(notesToDistil(notes, { nowMs }))).toEqual([
    ["t1", "t2"],
    ["s1", "s2"],
  ]);
});

test("a strong link puts notes together that share no word", () => {
  const one = noteOf("one", { content: "Alpha.", links: [{ to: "two", strength: 0.8, why: "" }] });
  const two = noteOf("two", { content: "Omega." });
  expect(idsOf(notesToDistil([one, two], { nowMs }))).toEqual([["one", "two"]]);
  const weak = { ...one, links: [{ to: "two", strength: 0.3, why: "" }] };
  expect(notesToDistil([weak, two], { nowMs })).toEqual([]);
});

test("young, pinned, long-term and distilled notes stay as they are", () => {
  const notes = [
    tea("ready"),
    tea("young", { createdAt: nowMs - DAY_MS + 1 }),
    tea("pinned", { isPinned: true }),
    tea("kept", { tier: "long-term" }),
    tea("done", { links: [{ to: "kept", strength: 1, why: "distilled" }] }),
  ];
  expect(notesToDistil(notes, { nowMs })).toEqual([]);
  expect(idsOf(notesToDistil([...notes, tea("working", { tier: "working" })], { nowMs }))).toEqual([
    ["ready", "working"],
  ]);
  expect(idsOf(notesToDistil(notes, { nowMs: nowMs + 1 }))).toEqual([["ready", "young"]]);
});

test("what was distilled and linked is not chosen again", () => {
  const sources = [tea("t1"), tea("t2")];
  const made = noteOf("made", { tier: "long-term" });
  const links = sources.map(({ id }) => ({ to: id, strength: 1, why: "distilled" }));
  const { changed } = applyEvolution(distilledLinks("made", links, made.labels), [made, ...sources], {
    updatedAt: nowMs,
  });
  expect(changed.map(({ id }) => id)).toEqual(["made", "t1", "t2"]);
  expect(notesToDistil(sources, { nowMs })).toHaveLength(1);
  expect(notesToDistil(changed, { nowMs })).toEqual([]);
});

test("a group is of one namespace and one label", () => {
  const untrusted = { trust: "untrusted", confidentiality: "internal" } as const;
  const secret = { trust: "user", confidentiality: "secret" } as const;
  const notes = [
    tea("a"),
    tea("b", { labels: untrusted }),
    tea("c", { namespace: "agent:other" }),
    tea("d", { labels: secret }),
  ];
  expect(notesToDistil(notes, { nowMs })).toEqual([]);
  expect(idsOf(notesToDistil([...notes, tea("e", { labels: untrusted })], { nowMs }))).toEqual([["b", "e"]]);
});

test("a note that is alone is chosen if it is very important, or was often of use", () => {
  expect(notesToDistil([noteOf("a", { importance: 0.7 })], { nowMs })).toEqual([]);
  expect(idsOf(notesToDistil([noteOf("a", { importance: 0.8 })], { nowMs }))).toEqual([["a"]]);
  expect(idsOf(notesToDistil([noteOf("a", { importance: 0, retrievalCount: 5 })], { nowMs }))).toEqual([["a"]]);
});

test("groups that are worth more come first, and bounds hold", () => {
  const many = Array.from({ length: 30 }, (_, index) =>
    tea(`t${String(index).padStart(2, "0")}`, { importance: index / 100 }),
  );
  const important = [server("s1", { importance: 1 }), server("s2", { importance: 1 })];
  const groups = notesToDistil([...many, ...important], { nowMs, maxGroups: 2, maxNotes: 5 });
  expect(groups.map(({ length }) => length)).toEqual([2, 5]);
  expect(groups[0]!.map(({ id }) => id)).toEqual(["s2", "s1"].toSorted());
  expect(groups[1]![0].id).toBe("t29");
  expect(notesToDistil([...many, ...important], { nowMs, maxCandidates: 2 }).flat()).toHaveLength(2);
});

test.each([1, 2, 3])(
  "the choice does not depend on the order of the notes, and no note is in two groups (seed %i)",
  (seed) => {
    const random = createSeededRandom(seed);
    const notes = Array.from({ length: 60 }, (_, index) =>
      (random.next() < 0.5 ? tea : server)(`n${index}`, {
        importance: Math.round(random.next() * 4) / 4,
        retrievalCount: Math.floor(random.next() * 3),
        tags: [`g${Math.floor(random.next() * 5)}`],
      }),
    );
    const shuffled = notes
      .map((note) => ({ note, at: random.next() }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ note }) => note);
    const groups = notesToDistil(notes, { nowMs, maxGroups: 10 });
    expect(notesToDistil(shuffled, { nowMs, maxGroups: 10 })).toEqual(groups);
    const ids = groups.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(20);
  },
);
