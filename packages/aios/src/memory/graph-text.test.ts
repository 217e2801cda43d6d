import { expect, test } from "vitest";
import { a, among, b, c, d, linked, root } from "../../test/linked-notes.ts";
import { noteOf } from "../../test/note-of.ts";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { graphAround } from "../kernel/note-graph.ts";
import { widthOf } from "../tui/width.ts";
import { graphDot, graphTree } from "./graph-text.ts";

test("a tree shows every note once, and further links to it as such", async () => {
  expect(graphTree(await graphAround(root, among(a, b, c, d), { depth: 3 }), 60)).toBe(
    [
      "root About root.",
      "├─ 0.90 a About a. (stronger)",
      "│  ├─ ↔ 0.30 b (aside)",
      "│  └─ 0.20 c About c.",
      "│     └─ 1.00 d About d.",
      "└─ 0.50 b About b. (weaker)",
    ].join("\n"),
  );
  expect(graphTree({ notes: [], links: [] }, 60)).toBe("");
});

test.each([1, 2, 3, 20, 37, 80])("no line of a tree is wider than %i columns, in Chinese neither", async (width) => {
  const chinese = noteOf("根", {
    context: "这是一条关于机器学习和向量索引的很长很长的笔记，需要被截断才能放进终端。",
    links: a.links,
  });
  const tree = graphTree(
    await graphAround(chinese, among({ ...root, context: "数据库迁移：周五晚上开始" }, b, c, d)),
    width,
  );
  for (const line of tree.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(width);
  expect(tree.split("\n")).toHaveLength(6);
});

test("what a note says can neither colour a terminal, break a line, nor leave its quotes in DOT", async () => {
  const hostile = noteOf('x"];\n}', {
    context: 'a\u001B[31m"]; evil [label="\\\r\nb',
    links: [{ to: "a", strength: 0.5, why: '"\n\\' }],
  });
  const graph = await graphAround(hostile, among(a));
  expect(graphTree(graph, 80)).not.toContain("\u001B");
  expect(graphTree(graph, 80).split("\n")).toHaveLength(2);
  const dot = graphDot(graph);
  expect(dot.split("\n")).toHaveLength(7);
  // With every quoted text taken out nothing of the note is left.
  expect(dot.replaceAll(/"(?:[^"\\]|\\.)*"/g, "q")).toBe(
    [
      "graph notes {",
      "  node [shape=box, style=rounded];",
      "  q [label=q, tooltip=q];",
      "  q [label=q, tooltip=q];",
      "  q -- q [label=q, penwidth=1.75];",
      "}",
      "",
    ].join("\n"),
  );
});

test.each([1, 2, 3])("however notes are linked, the tree has each of them once (seed %i)", async (seed) => {
  const random = createSeededRandom(seed);
  const ids = Array.from({ length: 30 }, (_, index) => `n${index}`);
  const notes = ids.map((id) =>
    linked(
      id,
      ...Array.from({ length: 3 }, (): [string, number] => [ids[Math.floor(random.next() * 30)]!, random.next()]),
    ),
  );
  const graph = await graphAround(notes[0]!, among(...notes), { depth: 5, limit: 20 });
  const shown = graphTree(graph, 200)
    .split("\n")
    .filter((line) => !line.includes("↔"));
  const told: string[] = shown.map((line) => /About (n\d+)\./.exec(line)![1]!);
  expect(told.toSorted()).toEqual(graph.notes.map(({ id }) => id).toSorted());
  expect(new Set(shown).size).toBe(graph.notes.length);
});
