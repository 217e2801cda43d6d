import type { Problem } from "@aiosjs/sdk/protocol";
import { errnoTable } from "@aiosjs/sdk/protocol";
import type { Errno } from "@aiosjs/sdk/protocol";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memberTable, toolHints, toolTable } from "../responses/tables.ts";
import { openaiDialect } from "./error.ts";
import { chatHints, resultHints } from "./hints.ts";

const page = readFileSync(new URL("../../../../../docs/reference/dialects.md", import.meta.url), "utf8");

const code = (text: string): string => `\`${text}\``;
const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const errorRow = (errno: Errno): string[] => {
  const problem: Problem = { type: "", title: "", status: 0, code: errno, detail: "", retryable: false };
  const { error } = JSON.parse(openaiDialect.body(problem, null)) as { error: { type: string; code: string | null } };
  return [errno, String(openaiDialect.status(problem)), code(error.type), error.code === null ? "" : code(error.code)];
};

test.each([
  [
    "chat hints",
    table(
      ["member", "why the answer means the same without it"],
      Object.entries(chatHints).map(([name, { why, only }]) => [
        code(only === undefined ? name : `${name}: ${JSON.stringify(only)}`),
        why,
      ]),
    ),
  ],
  [
    "result hints",
    table(
      ["member of a tool's result", "why the answer means the same without it"],
      Object.entries(resultHints).map(([name, { why }]) => [code(name), why]),
    ),
  ],
  [
    "responses members",
    table(
      ["member", "is", ""],
      Object.entries(memberTable).map(([name, { fate, why }]) => [
        code(name),
        { door: "done by the door", hint: "a hint", refused: "refused" }[fate],
        why,
      ]),
    ),
  ],
  [
    "responses tools",
    table(
      ["type", "is", ""],
      Object.entries(toolTable).map(([name, { as, why }]) => [
        code(name),
        { function: "a tool", custom: "a tool", namespace: "tools", hint: "a hint", refused: "refused" }[as],
        why,
      ]),
    ),
  ],
  [
    "responses tool hints",
    table(
      ["mark", ""],
      Object.entries(toolHints).map(([name, why]) => [code(name), why]),
    ),
  ],
  ["openai errors", table(["errno", "status", "type", "code"], (Object.keys(errnoTable) as Errno[]).map(errorRow))],
])("the page on dialects lists these %s, and no others", (name, text) => {
  const [, shown] = page.split(new RegExp(`<!-- /?${name} -->\n`));
  expect(shown?.trim()).toBe(text);
});
