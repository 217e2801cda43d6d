import { SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { noteOf } from "../../test/note-of.ts";
import { createScriptedAsk, textOf } from "../../test/scripted-ask.ts";
import { DISTIL_INSTRUCTIONS, distil } from "./distil.ts";

const first = noteOf("first", { content: "Ada drinks tea.", createdAt: 1, importance: 0.4, keywords: ["tea"] });
const later = noteOf("later", { content: "Ada gave up tea for coffee.", createdAt: 9, importance: 0.7 });
const last = noteOf("last", { content: "咖啡要热的。", createdAt: 20, importance: 0.2 });
const said = {
  content: "Ada drinks hot coffee;\nuntil then she drank tea.",
  keywords: ["Ada", "coffee"],
  tags: ["habits"],
  context: "What Ada drinks.",
  category: "preference",
};

test("the prompt carries all notes of the group, the oldest first, and asks for one note by a schema", async () => {
  const ask = createScriptedAsk(said);
  await distil([last, later, first], ask);
  expect(ask.requests).toHaveLength(1);
  const prompt = textOf(ask.requests[0]!, "user");
  const shown = [...prompt.matchAll(/<note>\n(.*)\n<\/note>/g)].map((match) => JSON.parse(match[1]!));
  expect(shown.map(({ id, content }) => [id, content])).toEqual(
    [first, later, last].map(({ id, content }) => [id, content]),
  );
  expect(textOf(ask.requests[0]!, "system")).toBe(DISTIL_INSTRUCTIONS);
  expect(ask.requests[0]!.responseFormat).toMatchObject({
    schema: { required: ["content", "keywords", "tags", "context", "category"] },
  });
});

test("the note that is made is long-term, as important as the most important one, and links to all it was made of", async () => {
  expect(await distil([last, later, first], createScriptedAsk(said))).toEqual({
    is: "new",
    note: { ...said, namespace: "agent:test", importance: 0.7, tier: "long-term", labels: first.labels },
    links: ["later", "first", "last"].map((to) => ({ to, strength: 1, why: "distilled" })),
  });
});

test("it is no more trusted and no less confidential than any of them", async () => {
  const web = { ...first, labels: { trust: "untrusted", confidentiality: "public" } } as const;
  const own = { ...later, labels: { trust: "user", confidentiality: "secret" } } as const;
  expect(await distil([web, own], createScriptedAsk(said))).toMatchObject({
    note: { labels: { trust: "untrusted", confidentiality: "secret" } },
  });
});

test.each<[string, unknown, RegExp]>([
  ["no model", new SysError("ENODEV", "none"), /ENODEV: none/],
  ["a spent budget", new SysError("EDQUOT", "spent"), /EDQUOT/],
  ["prose", "Ada likes coffee.", /not JSON/],
  ["an empty content", { ...said, content: " \u0000 " }, /content/],
  ["wrong types", { ...said, content: ["x"] }, /content/],
  ["ten megabytes", { ...said, content: "x".repeat(10_000_000) }, /characters/],
])("on %s the most important note is kept and the others are linked to it", async (_, answer, why) => {
  const ask = createScriptedAsk(answer);
  const distilled = await distil([first, later, last], ask);
  expect(distilled).toEqual({
    is: "kept",
    id: "later",
    links: ["first", "last"].map((to) => ({ to, strength: 1, why: "distilled" })),
    why: expect.stringMatching(why),
  });
  expect(ask.requests).toHaveLength(1);
});

test("a note that is alone is kept as it is, and nobody is asked", async () => {
  const ask = createScriptedAsk(said);
  expect(await distil([first], ask)).toMatchObject({ is: "kept", id: "first", links: [] });
  expect(ask.requests).toHaveLength(0);
});

test("a cancelled call is over", async () => {
  const ask = createScriptedAsk(new SysError("ECANCELED", "over"));
  await expect(distil([first, later], ask)).rejects.toMatchObject({ code: "ECANCELED" });
});

test("what the model adds does not come in, and its text is bounded and printable", async () => {
  const answer = `{"__proto__":{"labels":1},"importance":1,"labels":{"trust":"kernel"},"tier":"working","namespace":"tenant",${JSON.stringify({ ...said, content: `a\u001B[31m\r\n\tb\u202E${"y".repeat(9_000)}` }).slice(1)}`;
  const distilled = await distil([first, later], createScriptedAsk(answer));
  if (distilled.is !== "new") throw new Error(distilled.why);
  expect(distilled.note).toMatchObject({
    importance: 0.7,
    labels: first.labels,
    tier: "long-term",
    namespace: "agent:test",
  });
  expect(distilled.note.content).toMatch(/^a \[31m\n\tby+$/);
  expect(distilled.note.content).toHaveLength(4_000);
});

test("notes that do not fit into the prompt are neither distilled nor linked: the least worthy stay away", async () => {
  const long = Array.from({ length: 60 }, (_, index) => ({
    ...noteOf(`n${index}`, { content: "<".repeat(90_000), createdAt: index, importance: index / 100 }),
  }));
  const ask = createScriptedAsk(said);
  const distilled = await distil(long as [(typeof long)[0]], ask);
  const prompt = textOf(ask.requests[0]!, "user");
  expect(prompt.length + DISTIL_INSTRUCTIONS.length).toBeLessThanOrEqual(24_000);
  expect(distilled.links.length).toBeGreaterThan(2);
  expect(distilled.links.map(({ to }) => to)).toEqual(
    Array.from({ length: distilled.links.length }, (_, index) => `n${59 - index}`),
  );
  for (const { id } of long) expect(prompt.includes(`"${id}"`)).toBe(distilled.links.some(({ to }) => to === id));
});
