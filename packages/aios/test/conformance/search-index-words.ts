import { expect, test } from "vitest";
import type { Found, SearchIndex } from "../../src/kernel/ports.ts";
import { eachIndex, text } from "./search-index-texts.ts";

/** What is found, and what stands first. */
export function describeWords(open: () => Promise<SearchIndex>): void {
  const at = eachIndex(open);

  test("an empty one finds nothing and says so", async () => {
    expect(await at.find("anything")).toEqual([]);
    expect(await at.index.versions(undefined, 10)).toEqual([]);
    expect(await at.index.status()).toMatchObject({ texts: 0, reindexing: null });
  });

  test("what was put is found once the put resolves, the best first, with the reason", async () => {
    await at.index.put([
      text("queue", "Alice moved the queue of gpu-3 to Berlin"),
      text("lunch", "Bob had noodles for lunch"),
      text("trip", "A trip to Berlin in May"),
    ]);
    const found = await at.find("Berlin queues");
    expect(found.map(({ id }) => id).slice(0, 2)).toEqual(["queue", "trip"]);
    expect(found[0]).toMatchObject({ score: 1, why: { words: { rank: 1 }, vectors: { rank: 1 } } });
    expect(found[1]?.why.words?.rank).toBe(2);
    expect(found[1]?.why.vectors?.similarity).toBeLessThan(found[0]?.why.vectors?.similarity ?? 0);
  });

  test("Chinese queries find Chinese texts", async () => {
    await at.index.put([
      text("model", "我们把机器学习模型迁移到北京的服务器上。"),
      text("rain", "今天上海下雨,会议改到明天。"),
      text("english", "The meeting moved to tomorrow."),
    ]);
    expect((await at.ids("机器学习"))[0]).toBe("model");
    expect((await at.ids("北京服务器"))[0]).toBe("model");
    expect((await at.ids("明天的会议"))[0]).toBe("rain");
    expect(await at.ids("下雨", { by: "words" })).toEqual(["rain"]);
  });

  test("mixed texts are found by either language, and by both", async () => {
    await at.index.put([
      text("mixed", "在GPU集群上用Kubernetes部署了Qwen模型"),
      text("other", "在CPU上运行的数据库没有问题"),
    ]);
    for (const query of ["kubernetes", "集群", "gpu 集群", "Qwen模型", "部署 qwen"]) {
      expect((await at.ids(query, { by: "words" }))[0]).toBe("mixed");
    }
  });

  test("numbers and joined names are found whole and by their parts", async () => {
    await at.index.put([
      text("gpu", "gpu-3 is slow"),
      text("test", "see kill_nine in runQueue"),
      text("version", "since v1.2.4"),
    ]);
    const byWords = (query: string) => at.ids(query, { by: "words" });
    expect(await byWords("gpu-3")).toEqual(["gpu"]);
    expect(await byWords("kill_nine")).toEqual(["test"]);
    expect(await byWords("queue nine")).toEqual(["test"]);
    expect(await byWords("v1.2.4")).toEqual(["version"]);
    expect((await byWords("GPU"))[0]).toBe("gpu");
  });

  test("a spelling mistake finds by vectors what words do not", async () => {
    await at.index.put([text("a", "the scheduler preempts"), text("b", "lunch with noodles")]);
    expect(await at.ids("schedular", { by: "words" })).toEqual([]);
    expect((await at.ids("schedular"))[0]).toBe("a");
  });

  test("a word in the terms weighs more than one in the text", async () => {
    await at.index.put([
      text("text", "deployment one two three"),
      text("terms", "one two three", { terms: ["deployment"] }),
    ]);
    expect(await at.ids("deployment", { by: "words" })).toEqual(["terms", "text"]);
  });

  test("either list serves alone, and no score is greater than 1", async () => {
    await at.index.put([text("a", "red green blue"), text("b", "red green"), text("c", "red yellow yellow yellow")]);
    const words = await at.find("red green blue", { by: "words" });
    expect(words.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(words.every(({ why }) => why.words !== undefined && why.vectors === undefined)).toBe(true);
    const vectors = await at.find("red green blue", { by: "vectors" });
    expect(vectors[0]?.id).toBe("a");
    expect(vectors.every(({ why }) => why.vectors !== undefined && why.words === undefined)).toBe(true);
    for (const list of [words, vectors, await at.find("red green blue")]) {
      const scores = list.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
    }
  });

  test("what stands in both lists comes before what leads one", async () => {
    const only = (list: readonly Found[]) => list.map(({ id }) => id);
    await at.index.put([
      text("both", "alpha beta"),
      text("part", "alpha gamma delta epsilon"),
      text("near", "alphabet"),
    ]);
    expect(only(await at.find("alpha beta"))[0]).toBe("both");
    const alone = (await at.find("alpha beta")).find(({ id }) => id === "near");
    expect(alone?.why.words).toBeUndefined();
    expect(alone?.score).toBeLessThanOrEqual(0.5);
  });

  test("a query is only words, whatever signs are in it", async () => {
    await at.index.put([text("a", "alpha beta text terms"), text("b", "gamma")]);
    const hostile = [
      'alpha" OR "c',
      "NEAR(alpha beta, 3)",
      "alpha NOT beta",
      "text: alpha",
      "alpha*",
      "^alpha",
      "-alpha",
      "{terms text}: alpha",
      "'; alpha; drop table texts; --",
      "alpha\u0000beta",
      "\uD800 alpha",
      "((((alpha",
    ];
    for (const query of hostile) expect(await at.ids(query, { by: "words" })).toEqual(["a"]);
    for (const query of ['"unbalanced', "((((", "* OR *", "NEAR(", "\u0000"]) expect(await at.find(query)).toEqual([]);
    expect(await at.index.status()).toMatchObject({ texts: 2 });
  });

  test("a text without words, and a query without words, find nothing and break nothing", async () => {
    await at.index.put([text("empty", ""), text("signs", "…🙂!"), text("a", "alpha")]);
    expect(await at.find("")).toEqual([]);
    expect(await at.find("🙂 !?")).toEqual([]);
    expect(await at.ids("alpha")).toEqual(["a"]);
    expect(await at.index.status()).toMatchObject({ texts: 3 });
  });

  test("a whole message is a query too", async () => {
    await at.index.put([text("a", "the zebra crossed"), text("b", "the lion slept")]);
    const message = `${"the lion walked and the bird sang. ".repeat(500)} zebra`;
    expect((await at.ids(message)).toSorted()).toEqual(["a", "b"]);
  });

  test("no more than the limit comes, and of a limit of 0 nothing", async () => {
    await at.index.put(Array.from({ length: 30 }, (_, number) => text(`t${number}`, `alpha ${number}`)));
    expect(await at.find("alpha", { limit: 7 })).toHaveLength(7);
    expect(await at.find("alpha", { limit: 1_000_000 })).toHaveLength(30);
    expect(await at.find("alpha", { limit: 0 })).toEqual([]);
  });
}
