import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { referencePages } from "../../../scripts/reference/pages.ts";
import { typeText } from "../../../scripts/reference/schema-text.ts";

describe("the reference", () => {
  const pages = Object.entries(referencePages());

  test.each(pages)("%s says what the code says; `npm run -s reference` writes it anew", (path, text) => {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")).toBe(text);
  });

  test.each(pages)("%s has no row or link that leads nowhere", (path, text) => {
    const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
    for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors, path).toContain(anchor);
    for (const row of text.split("\n").filter((line) => line.startsWith("|"))) expect(row).not.toMatch(/\bundefined\b/);
  });

  test("a member with a default may be left out; a shape that is known by name is called by it", () => {
    const usage = { type: "object", properties: { tokens: { type: "integer" } }, required: ["tokens"] };
    const names = new Map([[typeText(usage), "Usage"]]);
    const call = {
      type: "object",
      properties: { usage, tree: { type: "boolean", default: true } },
      required: ["usage", "tree"],
    };
    expect(typeText(call, { names })).toBe("{\n  usage: Usage;\n  tree?: boolean; // default true\n}");
  });
});
