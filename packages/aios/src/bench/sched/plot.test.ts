import { expect, test } from "vitest";
import type { BenchReport, Cell } from "../report.ts";
import { plotOf } from "./plot.ts";

const cell = (value: number, low = value, high = value): Cell => ({ value, low, high });
const report = (tables: BenchReport["tables"]): BenchReport => ({
  name: "sched",
  version: 1,
  machine: { cpu: "", cores: 1, node: "" },
  seed: 1,
  durationS: 0,
  figures: [],
  notes: [],
  ...(tables ? { tables } : {}),
});

test("every number stands beside its dot, right of the line where the policy is better than fifo", () => {
  const svg = plotOf(
    report([
      {
        title: "noisy-tenant",
        columns: ["median completion"],
        rows: [
          { name: "better", cells: [cell(2, 1.8, 2.2)] },
          { name: "worse", cells: [cell(0.5, 0.4, 0.6)] },
          { name: "a < b", cells: [cell(1.01, 0.9, 1.1)] },
        ],
      },
    ]),
  );
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="\d+" r="4.5" class="(\w+)"\/>/g)];
  expect(dots.map(([, , kind]) => kind)).toEqual(["good", "bad", "tie"]);
  const [right, left, line] = dots.map(([, x]) => Number(x)) as [number, number, number];
  expect(left).toBeLessThan(line);
  expect(line).toBeLessThan(right);
  for (const shown of ["2.00", "0.50", "1.01", "a &lt; b"]) expect(svg).toContain(`>${shown}</text>`);
});

test("what lies beyond the axis ends at its edge", () => {
  const rows = [{ name: "plas-vtc", cells: [cell(400, 0.001, 1e6), null] }];
  const svg = plotOf(report([{ title: "median completion", columns: ["flaky", "chat"], rows }]));
  for (const [, x] of svg.matchAll(/x[12]="(-?[\d.]+)"/g)) {
    expect(Number(x)).toBeGreaterThan(0);
    expect(Number(x)).toBeLessThan(860);
  }
  expect(svg).toContain(">400.00</text>");
});

test("without anything to compare it is a heading alone", () => {
  expect(plotOf(report(undefined))).toMatch(/^<svg [^]*<\/svg>\n$/);
});
