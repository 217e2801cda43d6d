import { expect, test } from "vitest";
import { ProgressLine } from "./progress-line.ts";
import { sizeText } from "./size-text.ts";

function openTerminal(columns: number) {
  const writes: string[] = [];
  return {
    writes,
    terminal: { columns, write: (text: string) => writes.push(text) > 0 } as unknown as NodeJS.WriteStream,
  };
}

test("a progress line says how far a file is and how fast, at most ten times a second, and fits the terminal", () => {
  const { writes, terminal } = openTerminal(60);
  let nowMs = 0;
  using line = new ProgressLine(terminal, () => nowMs);
  line.show("a/very/long/folder/of/a/repository/model-Q4_K_M.gguf", 0, 400e6);
  for (const doneBytes of [1e6, 2e6])
    line.show("a/very/long/folder/of/a/repository/model-Q4_K_M.gguf", doneBytes, 400e6);
  expect(writes).toHaveLength(1);
  nowMs = 2000;
  line.show("a/very/long/folder/of/a/repository/model-Q4_K_M.gguf", 100e6, 400e6);
  expect(writes[1]).toMatch(/model-Q4_K_M\.gguf {3,}25 % {2}100 MB \/ 400 MB {2}50 MB\/s/);
  expect(writes.map((each) => each.length)).toEqual([60, 60]);
});

test("a progress line leaves nothing behind", () => {
  const { writes, terminal } = openTerminal(40);
  {
    using line = new ProgressLine(terminal);
    line.show("m.gguf", 1, 2);
  }
  expect(writes.at(-1)).toBe(`\r${" ".repeat(39)}\r`);
});

test("sizes are said as people read them", () => {
  expect([0, 812, 1000, 43_200, 999_600, 2.4e9].map(sizeText)).toEqual([
    "0 B",
    "812 B",
    "1.0 kB",
    "43 kB",
    "1.0 MB",
    "2.4 GB",
  ]);
});
