import { describe, expect, test } from "vitest";
import type { Split } from "../mem/dialogue.ts";
import { generateCorpus } from "./corpus.ts";
import type { Corpus } from "./corpus-file.ts";
import { folded, holdsAll } from "./method.ts";
import { termsOf } from "./queries.ts";

const splits: readonly Split[] = ["dev", "held-out"];
const corpora = splits.flatMap((split) => [3, 4].map((seed) => generateCorpus({ split, seed, files: 800 })));
const texts = new Map(
  corpora.map((corpus) => [
    corpus,
    new Map(corpus.files.map((file) => [file.path, folded(`${file.path}\n${corpus.textOf(file)}`)])),
  ]),
);
const asked = ({ queries }: Corpus, kind: string) => queries.filter((query) => query.kind === kind);
const fileOf = ({ files }: Corpus, path: string) => files.find((file) => file.path === path)!;

test("the same seed gives the same files, texts and questions, another one gives others", () => {
  for (const split of splits) {
    const [one, two, other] = [7, 7, 8].map((seed) => generateCorpus({ split, seed, files: 300 })) as [
      Corpus,
      Corpus,
      Corpus,
    ];
    expect(one.files).toEqual(two.files);
    expect(one.queries).toEqual(two.queries);
    // In another order: a text does not depend on what was written out before.
    const backwards = new Map(two.files.toReversed().map((file) => [file.path, two.textOf(file)]));
    for (const file of one.files) expect(one.textOf(file)).toBe(backwards.get(file.path));
    expect(other.files).not.toEqual(one.files);
  }
});

describe.each(corpora.map((corpus) => [`${corpus.split}, seed ${corpus.seed}`, corpus] as const))(
  "%s",
  (_name, corpus) => {
    const { files, textOf } = corpus;

    test("three files of five are English, of every kind and format, each with a path of its own", () => {
      expect(files).toHaveLength(800);
      expect(files.filter(({ lang }) => lang === "en")).toHaveLength(480);
      expect(new Set(files.map(({ path }) => path)).size).toBe(800);
      expect(new Set(files.map(({ format }) => format))).toEqual(
        new Set(["md", "txt", "html", "csv", "json", "ts", "py", "go", "sh"]),
      );
      expect(new Set(files.map(({ kind }) => kind)).size).toBe(10);
      for (const { modifiedMs } of files) expect(modifiedMs).toBeLessThanOrEqual(corpus.nowMs);
    });

    test("files are of 1 to 40 KiB, within a third, half of them below 5 KiB and few above 16", () => {
      const sizes = files.map((file) => Buffer.byteLength(textOf(file)));
      for (const [at, size] of sizes.entries()) {
        const { sizeBytes } = files[at]!;
        expect(sizeBytes).toBeGreaterThanOrEqual(1_024);
        expect(sizeBytes).toBeLessThanOrEqual(40 * 1_024);
        expect(size / sizeBytes, files[at]?.path).toBeGreaterThan(0.75);
        expect(size / sizeBytes, files[at]?.path).toBeLessThan(1.34);
      }
      sizes.sort((left, right) => left - right);
      expect(sizes[400]).toBeGreaterThan(3 * 1_024);
      expect(sizes[400]).toBeLessThan(5.5 * 1_024);
      const above = sizes.filter((size) => size > 16 * 1_024).length;
      expect(above).toBeGreaterThan(8);
      expect(above).toBeLessThan(120);
    });

    test("what a file is said to hold stands in it", () => {
      for (const file of files) {
        const text = texts.get(corpus)?.get(file.path) ?? "";
        expect(holdsAll(text, termsOf(file)), file.path).toBe(true);
      }
    });

    test("tables can be read by who reads tables", () => {
      for (const file of files) {
        if (file.format === "json") expect(JSON.parse(textOf(file)).length).toBeGreaterThan(1);
        if (file.format !== "csv") continue;
        // Commas within quotes are no ends of cells.
        const rows = textOf(file)
          .trimEnd()
          .split("\n")
          .map((row) => row.replaceAll(/"[^"]*"/g, "").split(",").length);
        expect(new Set(rows), file.path).toEqual(new Set([6]));
      }
    });

    test("a keyword's files are those, and only those, in which all its terms stand", () => {
      const queries = asked(corpus, "keyword");
      expect(queries).toHaveLength(96);
      for (const { terms, relevant, text } of queries) {
        const found = files.filter(({ path }) => holdsAll(texts.get(corpus)?.get(path) ?? "", terms));
        expect(relevant, text).toEqual(found.map(({ path }) => path));
      }
    });

    test("a named question's files are about its customer and one topic, and all of them are there", () => {
      const queries = asked(corpus, "named");
      expect(queries).toHaveLength(64);
      for (const { relevant, text } of queries) {
        const { about } = fileOf(corpus, relevant[0]!);
        expect(text).toContain(about.entity);
        expect(text).not.toContain(about.topic);
        const all = files.filter((file) => file.about.entity === about.entity && file.about.topic === about.topic);
        expect(relevant).toEqual(all.map(({ path }) => path));
      }
    });

    test("a described question's files tell one story, which no other file tells", () => {
      const queries = asked(corpus, "described");
      expect(queries).toHaveLength(32);
      for (const { relevant, lang } of queries) {
        const { about } = fileOf(corpus, relevant[0]!);
        const all = files.filter((file) => file.about.story === about.story && file.lang === lang);
        expect(about.story).toBeDefined();
        expect(relevant).toEqual(all.map(({ path }) => path));
      }
    });

    test("a question of metadata has the files of its kind and topic in its time, and there are such files outside of it", () => {
      const queries = asked(corpus, "metadata");
      expect(queries.length).toBeGreaterThan(40);
      for (const { relevant, modified, text } of queries) {
        const { kind, about, lang } = fileOf(corpus, relevant[0]!);
        expect(text).toContain(about.topic);
        const alike = files.filter(
          (file) => file.kind === kind && file.about.topic === about.topic && file.lang === lang,
        );
        const inTime = alike.filter(({ modifiedMs }) => modified!.fromMs <= modifiedMs && modifiedMs <= modified!.toMs);
        expect(relevant).toEqual(inTime.map(({ path }) => path));
        expect(alike.length).toBeGreaterThan(inTime.length);
      }
    });

    test("there are traps: names in passing, codes that differ by a letter, copies that differ by their code alone", () => {
      expect(files.filter(({ mention }) => mention !== undefined).length).toBeGreaterThan(50);
      const codes = [...new Set(files.flatMap(({ about }) => about.code ?? []))];
      const stems = new Set(codes.map((code) => code.slice(0, -1)));
      expect(codes.length - stems.size).toBeGreaterThan(10);
      const copies = files.flatMap((file) => {
        const first = files.find(({ textSeed }) => textSeed === file.textSeed);
        return first === undefined || first === file ? [] : [[first, file] as const];
      });
      expect(copies.length).toBeGreaterThan(20);
      for (const [first, copy] of copies) {
        expect(copy.about.code).not.toBe(first.about.code);
        expect(textOf(copy).replaceAll(copy.about.code!, first.about.code!)).toBe(textOf(first));
      }
    });
  },
);
