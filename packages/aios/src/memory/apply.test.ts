import type { Labels } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { noteOf } from "../../test/note-of.ts";
import { createScriptedAsk } from "../../test/scripted-ask.ts";
import { applyEvolution, mergeLinks } from "./apply.ts";
import type { Evolution } from "./evolution.ts";
import { relate } from "./relate.ts";

const user: Labels = { trust: "user", confidentiality: "internal" };
const web: Labels = { trust: "untrusted", confidentiality: "public" };
const fresh = noteOf("new", { keywords: ["Paris"] });
const old = noteOf("old", {
  context: "Where she lives.",
  keywords: ["Ada", "Berlin"],
  version: 3,
  links: [{ to: "cat", strength: 0.4, why: "hers" }],
});
const cat = noteOf("cat", { links: [{ to: "old", strength: 0.4, why: "hers" }] });
const far = noteOf("far");
const evolution: Evolution = {
  of: "new",
  links: [{ to: "old", strength: 0.9, why: "she moved" }],
  strengthened: [{ from: "old", to: "cat", strength: 0.6 }],
  updates: [{ id: "old", context: "Where she lived.", keywords: ["berlin", "until May"], tags: ["past"] }],
  by: "model",
  labels: user,
};
const changedBy = (applied: ReturnType<typeof applyEvolution>) =>
  new Map(applied.changed.map((note) => [note.id, note]));

test("an evolution gives the notes that it touches a next version, and no others", () => {
  const before = structuredClone([fresh, old, cat, far]);
  const applied = applyEvolution(evolution, [fresh, old, cat, far], {
    updatedAt: 77,
    source: { pid: "p9", call: "c9" },
  });
  expect(applied.changed.map(({ id, version, updatedAt }) => ({ id, version, updatedAt }))).toEqual([
    { id: "new", version: 2, updatedAt: 77 },
    { id: "old", version: 4, updatedAt: 77 },
    { id: "cat", version: 2, updatedAt: 77 },
  ]);
  expect(applied.changed[0]!.source).toEqual({ pid: "p9", call: "c9", uri: "" });
  expect([fresh, old, cat, far]).toEqual(before);
});

test("links stand at both ends, and a link between neighbours is stronger at both, its reason kept", () => {
  const changed = changedBy(applyEvolution(evolution, [fresh, old, cat], { updatedAt: 1 }));
  expect(changed.get("new")!.links).toEqual([{ to: "old", strength: 0.9, why: "she moved" }]);
  expect(changed.get("old")!.links).toEqual([
    { to: "cat", strength: 0.6, why: "hers" },
    { to: "new", strength: 0.9, why: "she moved" },
  ]);
  expect(changed.get("cat")!.links).toEqual([{ to: "old", strength: 0.6, why: "hers" }]);
});

test("a neighbour's context is replaced, its keywords and tags are added to, and its content never changes", () => {
  const changed = changedBy(applyEvolution(evolution, [fresh, old, cat], { updatedAt: 1 }));
  expect(changed.get("old")).toMatchObject({
    content: old.content,
    context: "Where she lived.",
    keywords: ["Ada", "Berlin", "until May"],
    tags: ["past"],
    createdAt: 0,
    accessedAt: 0,
    retrievalCount: 0,
  });
});

test("applied twice, an evolution changes nothing more", () => {
  const notes = changedBy(applyEvolution(evolution, [fresh, old, cat], { updatedAt: 1 }));
  expect(applyEvolution(evolution, [...notes.values()], { updatedAt: 2 })).toEqual({ changed: [], heldBack: [] });
});

test("what is said of a note that is gone is left out, and a link that was taken away does not come back", () => {
  expect(applyEvolution(evolution, [fresh, cat], { updatedAt: 1 }).changed).toMatchObject([
    { id: "cat", links: [{ to: "old", strength: 0.6 }] },
  ]);
  const apart = changedBy(
    applyEvolution(evolution, [fresh, { ...old, links: [] }, { ...cat, links: [] }], { updatedAt: 1 }),
  );
  expect(apart.get("old")!.links.map(({ to }) => to)).toEqual(["new"]);
  expect(apart.has("cat")).toBe(false);
});

test("a note that a model changed falls to the join of all that the model saw; one that it left alone does not", () => {
  const seen = { trust: "untrusted", confidentiality: "internal" } as const;
  const changed = changedBy(applyEvolution({ ...evolution, labels: seen }, [fresh, old, cat, far], { updatedAt: 1 }));
  expect([...changed.values()].map(({ labels }) => labels)).toEqual([seen, seen, seen]);
  expect(changed.has("far")).toBe(false);
});

test("no evolution raises a label", () => {
  const kernel: Labels = { trust: "kernel", confidentiality: "public" };
  const secret: Labels = { trust: "tool", confidentiality: "secret" };
  const changed = changedBy(
    applyEvolution({ ...evolution, labels: kernel }, [fresh, { ...old, labels: secret }, cat], { updatedAt: 1 }),
  );
  expect(changed.get("old")!.labels).toEqual(secret);
});

test("links by shared words take nothing over from another note, and so lower no label", () => {
  const changed = changedBy(
    applyEvolution({ ...evolution, updates: [], by: "extraction", labels: web }, [fresh, old], { updatedAt: 1 }),
  );
  expect([...changed.values()].map(({ labels }) => labels)).toEqual([user, user]);
});

test("where labels are kept, a trusted note gets no word of an answer that saw an untrusted one, but is linked", () => {
  const stranger = noteOf("new", { labels: web });
  const seen: Labels = { trust: "untrusted", confidentiality: "internal" };
  const applied = applyEvolution({ ...evolution, labels: seen }, [stranger, old, cat], {
    updatedAt: 1,
    keepsLabels: true,
  });
  const changed = changedBy(applied);
  expect(applied.heldBack).toEqual(["old"]);
  expect(changed.get("old")).toEqual({
    ...old,
    links: [...old.links, { to: "new", strength: 0.9, why: "" }],
    version: 4,
    updatedAt: 1,
  });
  expect(changed.has("cat")).toBe(false);
  // It would become more confidential, so it is held, too.
  expect(changed.get("new")).toMatchObject({ labels: web, links: [{ to: "old", strength: 0.9, why: "" }] });
});

test("two links to one note become one: the stronger, with its reason or else the other's", () => {
  expect(
    mergeLinks(
      [
        { to: "a", strength: 0.5, why: "first" },
        { to: "b", strength: 0.9, why: "" },
      ],
      [
        { to: "a", strength: 0.7, why: "second" },
        { to: "b", strength: 0.1, why: "weak" },
        { to: "c", strength: 0.3, why: "" },
        { to: "c", strength: 0.3, why: "later" },
      ],
    ),
  ).toEqual([
    { to: "a", strength: 0.7, why: "second" },
    { to: "b", strength: 0.9, why: "weak" },
    { to: "c", strength: 0.3, why: "later" },
  ]);
});

test("a note that everything links to keeps its strongest links, and its earlier keywords", () => {
  const links = Array.from({ length: 64 }, (_, index) => ({ to: `m${index}`, strength: 0.5 + index / 200, why: "" }));
  const keywords = Array.from({ length: 23 }, (_, index) => `k${index}`);
  const changed = changedBy(applyEvolution(evolution, [fresh, { ...old, links, keywords }], { updatedAt: 1 }));
  const hub = changed.get("old")!;
  expect(hub.links).toHaveLength(64);
  expect(hub.links[0]).toMatchObject({ to: "new" });
  expect(hub.links.some(({ to }) => to === "m0")).toBe(false);
  expect(hub.keywords).toEqual([...keywords, "berlin"]);
});

test("from the model's answer to the notes: a note that came today changes how an earlier one is understood", async () => {
  const answer = {
    links: [{ to: "old", strength: 2, why: "she moved" }],
    strengthen: [],
    updates: [{ id: "old", context: "Where she lived until May.", keywords: [], tags: ["past"] }],
  };
  const made = await relate({ note: fresh, neighbours: [{ note: old, similarity: 0.9 }] }, createScriptedAsk(answer));
  const changed = changedBy(applyEvolution(made, [fresh, old], { updatedAt: 5 }));
  expect(changed.get("new")!.links).toEqual([{ to: "old", strength: 1, why: "she moved" }]);
  expect(changed.get("old")).toMatchObject({ version: 4, context: "Where she lived until May.", tags: ["past"] });
});
