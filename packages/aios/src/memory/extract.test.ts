import { noteSchema } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { bounds } from "./bounds.ts";
import { extractDescription } from "./extract.ts";

const noteDescriptionSchema = noteSchema.pick({ keywords: true, tags: true, context: true, category: true });

test("what stands together and comes again is found as a phrase, and stop words are not", () => {
  const { keywords } = extractDescription(
    "The vector index stores embeddings. Rebuilding the vector index of the notes takes five minutes.",
  );
  expect(keywords[0]).toBe("vector index");
  expect(keywords).toContain("embeddings");
  expect(keywords).not.toContain("vector");
  expect(keywords.join(" ").split(" ")).not.toContain("the");
});

test("Chinese is cut into words, in a text that is mixed with English, too", () => {
  const { keywords, context } = extractDescription(
    "机器学习模型的训练数据放在 S3 里，索引由 Chroma 维护。别的以后再说。",
  );
  expect(keywords).toContain("机器学习模型");
  expect(keywords).toContain("S3");
  expect(keywords.some((keyword) => keyword.includes("Chroma"))).toBe(true);
  expect(keywords).not.toContain("的");
  expect(context).toBe("机器学习模型的训练数据放在 S3 里，索引由 Chroma 维护。");
});

test("a Chinese name that no dictionary has stays one word", () => {
  expect(extractDescription("上次和张伟一起跑了十公里。").keywords).toContain("张伟");
});

test("tags are told by their shapes: hashtags, mentions, hosts without what is secret in a link, dates, code", () => {
  const { tags } = extractDescription(
    "See https://user:password@www.example.com:80/a?b#frag with @Alice on 2026/3/5, 2026年12月24日. #Infra #项目进展# mail bob@corp.org",
  );
  expect(tags).toEqual(["项目进展", "infra", "@alice", "example.com", "2026-03-05", "2026-12-24"]);
  expect(extractDescription("```ts\nlet a = 1;\n```").tags).toEqual(["code"]);
  expect(extractDescription("# A heading, colour #123456 and number #7").tags).toEqual([]);
});

test("the context is the first sentence that says something", () => {
  expect(extractDescription("Hi there! Ok. - Dr. Smith moved the deadline to Friday. And so on.").context).toBe(
    "Dr. Smith moved the deadline to Friday.",
  );
  expect(extractDescription("你好！谢谢。数据库迁移定在周五晚上。").context).toBe("数据库迁移定在周五晚上。");
  expect(extractDescription("42!!!").context).toBe("42!!!");
});

test.each([
  ["Where is the key of the archive?", "question"],
  ["钥匙放在哪里？", "question"],
  ["Ada prefers tea to coffee.", "preference"],
  ["我喜欢喝茶。", "preference"],
  ["TODO: renew the certificate", "plan"],
  ["计划下周迁移数据库", "plan"],
  ["Yesterday the server in Berlin failed.", "event"],
  ["2026年3月5日服务器宕机", "event"],
  ["function add(a, b) {\n  return a + b;\n}", "code"],
  ["Water boils at one hundred degrees.", "general"],
])("%s is of the category %s", (content, category) => {
  expect(extractDescription(content).category).toBe(category);
});

test("a text without words has an empty description, and no fault", () => {
  for (const content of ["", " \n\t", "!!!", "42 17", "\uD800", "🎉🎉"])
    expect(noteDescriptionSchema.parse(extractDescription(content))).toMatchObject({ tags: [], category: "general" });
});

test("control characters and hidden ones do not come into a description", () => {
  const { context, keywords } = extractDescription(
    "The \u001B[31mred\u001B[0m pass\u202Eword of the\u0000archive \u{E0041}is long.",
  );
  expect(context + keywords.join("")).not.toMatch(/[\p{Cc}\u202E\u{E0000}-\u{E007F}]/u);
});

test.each([1, 2, 3, 4])(
  "whatever the text, its description is the same twice, and within its bounds (seed %i)",
  (seed) => {
    const random = createSeededRandom(seed);
    const parts = [
      ...Array.from("ab C.!?#@-/:\n`；，。的了我张伟学习索引0129'’\u0000\u202E"),
      "https://",
      "```",
      "the ",
      "vector ",
      "🎉",
      "\uD83D",
    ];
    for (let round = 0; round < 60; round++) {
      const length = Math.floor(random.next() * 2_000);
      const content = Array.from({ length }, () => parts[Math.floor(random.next() * parts.length)]!).join("");
      const description = extractDescription(content);
      expect(extractDescription(content)).toEqual(description);
      expect(description.keywords.length).toBeLessThanOrEqual(bounds.keywords.most);
      expect(description.tags.length).toBeLessThanOrEqual(bounds.tags.most);
      for (const text of [...description.keywords, ...description.tags]) {
        expect(text.length).toBeLessThanOrEqual(bounds.keywords.longest);
        expect(text).not.toMatch(/\p{Cc}/u);
      }
      expect(description.context.length).toBeLessThanOrEqual(bounds.context);
      expect(description.context.isWellFormed()).toBe(true);
    }
  },
);

test("of a long text only the beginning is read", () => {
  const description = extractDescription(`The archive keeps letters. ${"x ".repeat(5_000_000)} needle`);
  expect(description.keywords).toContain("archive keeps letters");
  expect(description.keywords).not.toContain("needle");
});
