import { describe, expect, test } from "vitest";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { chunksOf } from "./chunks.ts";
import type { Extracted, Section } from "./extracted.ts";
import { extractText } from "./extract-text.ts";

const of = (sections: readonly Section[], kind: Extracted["kind"] = "markdown"): Extracted => ({
  kind,
  title: "a",
  unit: "line",
  sections,
  properties: {},
  isCut: false,
});
const one = (text: string, kind: Extracted["kind"] = "text"): Extracted => of([{ heading: "", text, at: 1 }], kind);
const read = (path: string, text: string): Promise<Extracted> =>
  extractText({ path, bytes: new TextEncoder().encode(text), maxChars: 1_000_000 });
const textsOf = (extracted: Extracted): string[] => chunksOf(extracted).map(({ text }) => text);
const solid = (text: string): string => text.replaceAll(/\s+/g, "");

const words = "the contract about graphics cards was signed last week by two people in Berlin and nobody read it".split(
  " ",
);
const hanzi = "关于显卡的合同上周在柏林由两个人签署但是没有人真正读过它所以我们今天再看一遍";

/** A document as people write them, out of a seed. */
function documentOf(seed: number): { paragraphs: string[]; text: (paragraphs: readonly string[]) => string } {
  const random = createSeededRandom(seed);
  const upTo = (most: number): number => Math.floor(random.next() * most);
  const sentence = (): string =>
    random.next() < 0.5
      ? `${Array.from({ length: 4 + upTo(16) }, () => words[upTo(words.length)]).join(" ")} ${upTo(1000)}. `
      : `${Array.from({ length: 6 + upTo(24) }, () => hanzi[upTo(hanzi.length)]).join("")}${upTo(1000)}。`;
  const paragraphs = Array.from({ length: 240 }, (_, at) =>
    at % 12 === 0 ? `## Section ${at} ${sentence()}` : Array.from({ length: 1 + upTo(8) }, sentence).join(""),
  );
  return { paragraphs, text: (all) => all.join("\n\n") };
}

describe("chunks", () => {
  test.each([1, 2, 3, 4, 5])("hold all of a text in order, none longer than the bound (seed %d)", async (seed) => {
    const { paragraphs, text } = documentOf(seed);
    for (const path of ["a.md", "a.txt", "a.ts", "a.csv"]) {
      const extracted = await read(path, text(paragraphs));
      const chunks = chunksOf(extracted);
      expect(solid(chunks.map((chunk) => chunk.text).join(""))).toBe(solid(text(paragraphs)));
      expect(chunks.map(({ ordinal }) => ordinal)).toEqual(chunks.map((_, at) => at));
      const lengths = chunks.map((chunk) => chunk.text.length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(2160);
      const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
      expect(mean).toBeGreaterThan(600);
    }
  });

  test.each([
    [11, "a.md"],
    [12, "a.md"],
    [11, "a.txt"],
    [12, "a.txt"],
    [13, "a.txt"],
  ])("stay as they were but for one or two where a paragraph is edited (seed %d, %s)", async (seed, path) => {
    const { paragraphs, text } = documentOf(seed);
    const before = textsOf(await read(path, text(paragraphs)));
    const random = createSeededRandom(seed);
    let changed = 0;
    const rounds = 60;
    for (let round = 0; round < rounds; round++) {
      const at = Math.floor(random.next() * paragraphs.length);
      const edited = [...paragraphs];
      if (round % 3 === 0) edited.splice(at, 1);
      else if (round % 3 === 1) edited.splice(at, 0, "A paragraph that was not there before, about electric cars.");
      else edited[at] += " And one sentence more, at its end.";
      const known = new Set(before);
      changed += textsOf(await read(path, text(edited))).filter((chunk) => !known.has(chunk)).length;
    }
    // Cut at the first paragraph that fits it is 1.5 to 1.8, by counting characters all that lies behind the edit.
    expect(changed / rounds).toBeLessThan(1.4);
    expect(before.length).toBeGreaterThan(20);
  });

  test("an edit in the middle of a long line leaves what is far from it", () => {
    const random = createSeededRandom(7);
    const line = Array.from({ length: 40_000 }, () => hanzi[Math.floor(random.next() * hanzi.length)]).join("");
    const before = new Set(textsOf(one(line)));
    const after = textsOf(one(`${line.slice(0, 20_000)}新的${line.slice(20_000)}`));
    expect(before.size).toBeGreaterThan(20);
    expect(after.filter((text) => !before.has(text)).length).toBeLessThanOrEqual(2);
  });

  test("begin where sections do, with their headings and lines; small ones stay together", () => {
    const body = "A sentence of some length about nothing at all. ".repeat(12);
    const chunks = chunksOf(
      of([
        { heading: "One", text: `# One\n\n${body}\n`, at: 1 },
        { heading: "Two", text: `# Two\n\n${body}\n`, at: 4 },
        { heading: "Three", text: "# Three\n\nShort.\n", at: 7 },
      ]),
    );
    expect(chunks.map(({ heading, at }) => [heading, at])).toEqual([
      ["One", 1],
      ["Two", 4],
    ]);
    expect(chunks[1]!.text.endsWith("# Three\n\nShort.")).toBe(true);
  });

  test("end where sentences do, in both languages", () => {
    const english = "The contract about graphics cards was signed in Berlin last week by two people. ";
    const chinese = "关于显卡的合同上周在柏林由两个人签署。";
    for (const sentence of [english, chinese]) {
      const texts = textsOf(one(sentence.repeat(400)));
      expect(texts.length).toBeGreaterThan(2);
      for (const text of texts) expect(text.endsWith(sentence.trim())).toBe(true);
    }
  });

  test("of code end between definitions or at empty lines before they end inside of them", async () => {
    const code = Array.from(
      { length: 60 },
      (_, at) => `export function number${at}(): number {\n  const value = ${at};\n  return value * value;\n}\n`,
    ).join("\n");
    for (const text of textsOf(await read("a.ts", code))) {
      expect(text.startsWith("export function")).toBe(true);
      expect(text.endsWith("}")).toBe(true);
    }
  });

  test("tell the line at which they begin", async () => {
    const { paragraphs, text } = documentOf(21);
    const all = text(paragraphs);
    const lines = all.split("\n");
    for (const chunk of chunksOf(await read("a.md", all)))
      expect(lines.slice(chunk.at - 1).join("\n")).toContain(chunk.text);
    const [first] = chunksOf(await read("a.md", `\n\n${all}`));
    expect(first!.at).toBe(3);
  });

  test("cut no character in two, and what repeats itself in equal parts", () => {
    const texts = textsOf(one("🙂".repeat(50_000)));
    for (const text of texts) expect(text).toMatch(/^(?:🙂)+$/u);
    expect(texts.length).toBeLessThan(200);
  });

  test("of nothing are none", () => {
    expect(chunksOf(of([]))).toEqual([]);
    expect(chunksOf(one(" \n\n "))).toEqual([]);
  });
});
