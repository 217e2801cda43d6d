import { expect, test } from "vitest";
import { a, among, b, c, d, linked, root } from "../../test/linked-notes.ts";
import { graphAround } from "./note-graph.ts";

test("the notes around one come in steps, the strongest link first, and each link once", async () => {
  const lookup = among(a, b, c, d);
  const graph = await graphAround(root, lookup, { depth: 2 });
  expect(graph.notes.map(({ id }) => id)).toEqual(["root", "a", "b", "c"]);
  expect(graph.links).toEqual([
    { from: "root", to: "b", strength: 0.5, why: "weaker" },
    { from: "root", to: "a", strength: 0.9, why: "stronger" },
    { from: "a", to: "b", strength: 0.3, why: "aside" },
    { from: "a", to: "c", strength: 0.2, why: "" },
  ]);
  expect(lookup.asked).toEqual([["gone", "a", "b"], ["c"]]);
});

test("depth and limit hold, and what the lookup does not tell is not there", async () => {
  const ids = async (options: { depth?: number; limit?: number }) =>
    (await graphAround(root, among(a, b, c, d), options)).notes.map(({ id }) => id);
  expect(await ids({ depth: 0 })).toEqual(["root"]);
  expect(await ids({ depth: 1 })).toEqual(["root", "a", "b"]);
  expect(await ids({ depth: 9 })).toEqual(["root", "a", "b", "c", "d"]);
  expect(await ids({ depth: 9, limit: 3 })).toEqual(["root", "a", "b"]);
  expect(await ids({ depth: 9, limit: 2 })).toEqual(["root", "a"]);
  expect(await ids({ limit: 1 })).toEqual(["root"]);
  expect(JSON.stringify(await graphAround(root, among(a, b)))).not.toContain('"from":"root","to":"gone"');
});

test("a link that its ends tell differently is the stronger one; one to itself is none", async () => {
  const one = linked("one", ["two", 0.2, "weak"], ["one", 1]);
  const { links } = await graphAround(one, among(linked("two", ["one", 0.8])));
  expect(links).toEqual([{ from: "one", to: "two", strength: 0.8, why: "weak" }]);
});
