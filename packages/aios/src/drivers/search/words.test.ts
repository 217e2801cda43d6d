import { expect, test } from "vitest";
import { wholeTerm } from "../../kernel/ports.ts";
import { words } from "./words.ts";

test("English is cut at spaces and punctuation, in lower case, without the ends of plurals and possessives", () => {
  expect(words("Alice's queries, the GPUs: they don't wait.")).toEqual([
    "alice",
    "query",
    "the",
    "gpu",
    "they",
    "dont",
    "wait",
  ]);
});

test("short words and those that end in ss keep their s", () => {
  expect(words("process gas classes class")).toEqual(["process", "gas", "classe", "class"]);
});

test("Chinese is cut into words by the dictionary", () => {
  expect(words("我们迁移了机器学习模型。")).toEqual(expect.arrayContaining(["我们", "迁移", "机器", "学习", "模型"]));
});

test("a long Chinese word is found by its pairs of characters too", () => {
  expect(words("北京天安门")).toEqual(["北京", "天安门", "天安", "安门"]);
});

test("mixed text is cut where the script changes", () => {
  expect(words("把gpu-3迁移到Berlin机房")).toEqual(
    expect.arrayContaining(["gpu-3", "gpu", "3", "迁移", "berlin", "机房"]),
  );
});

test("joined names are found whole and by their parts", () => {
  expect(words("gpu-3")).toEqual(["gpu-3", "gpu", "3"]);
  expect(words("kill_nine")).toEqual(["kill_nine", "kill", "nine"]);
  expect(words("runQueue")).toEqual(["runqueue", "run", "queue"]);
  expect(words("v1.2.3 at 2026-05-07")).toEqual(expect.arrayContaining(["v1.2.3", "2026-05-07", "2026"]));
});

test("full-width and compatibility forms are the same word", () => {
  expect(words("GPU ﬁle")).toEqual(words("gpu file"));
});

test("what has no word gives none, and no word is longer than the bound", () => {
  expect(words(" …!? \u0000 🙂 ___ ")).toEqual([]);
  expect(words("x".repeat(10_000))).toEqual(["x".repeat(64)]);
});

test("a term is compared whole, whatever its case and width", () => {
  expect(wholeTerm(" GPU Cluster ")).toBe("gpu cluster");
});
