import type { BenchReport, Cell, Table } from "../report.ts";
import { TARGET_POLICY, TARGET_WORKLOAD } from "./target.ts";

interface Panel {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly cell: Cell | null }[];
}

const WIDTH = 860;
const LABEL = 110;
const GAP = 18;
const PANEL = (WIDTH - LABEL - 3 * GAP) / 3;
/** At the right of each panel stands the number. */
const NUMBER = 44;
const ROW = 22;
const HEAD = 58;

/**
 * A comparison as an SVG of dots on logarithmic axes: above, policies on the workload that the targets are about; below, the
 * default policy on each workload. Readable on light and dark ground; every number stands beside its dot.
 */
export function plotOf({ tables = [], seed }: BenchReport): string {
  const bands = [policyPanels(tables), workloadPanels(tables)].filter((panels) => panels.length > 0);
  const cells = bands.flat().flatMap(({ rows }) => rows.flatMap(({ cell }) => cell ?? []));
  const reach = Math.max(...cells.map(({ value }) => Math.max(value, 1 / value)), 2);
  // Dots decide; a bar, or a dot beyond 16, ends at the edge, and the number says the rest.
  const most = 2 ** Math.min(4, Math.ceil(Math.log2(reach)));
  let top = 30;
  const drawn: string[] = [];
  for (const panels of bands) {
    drawn.push(bandOf(panels, { top, most }));
    top += HEAD + ROW * (panels[0]?.rows.length ?? 0) + 34;
  }
  const about =
    "fifo's time ÷ the policy's, log scale: right of the line is better; bars are 95 % intervals; simulated";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="${escaped(about)}">
<style>
text{font:12px system-ui,sans-serif;fill:#1f2328}.quiet{fill:#59636e}.title{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}
line{stroke:#d1d9e0}.one{stroke:#59636e}.bar{stroke-width:3}.good{stroke:#0969da;fill:#0969da}.bad{stroke:#bc4c00;fill:#bc4c00}.tie{stroke:#818b98;fill:#818b98}rect{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}line{stroke:#3d444d}.one{stroke:#9198a1}.good{stroke:#4493f8;fill:#4493f8}.bad{stroke:#f0883e;fill:#f0883e}.tie{stroke:#9198a1;fill:#9198a1}rect{fill:#0d1117}}
</style>
<rect width="${WIDTH}" height="${top}"/>
<text x="12" y="20" class="quiet">${escaped(about)}; first seed ${seed}</text>
${drawn.join("\n")}
</svg>
`;
}

function policyPanels(tables: readonly Table[]): Panel[] {
  const table = tables.find(({ title }) => title === TARGET_WORKLOAD);
  return ["median completion", "light tenants", "longest p99"].flatMap((column) => {
    const at = table?.columns.indexOf(column) ?? -1;
    if (!table || at < 0) return [];
    const rows = table.rows.map(({ name, cells }) => ({ name, cell: cells[at] ?? null }));
    return [{ title: `${TARGET_WORKLOAD}: ${column}`, rows }];
  });
}

function workloadPanels(tables: readonly Table[]): Panel[] {
  return tables.flatMap(({ title, columns, rows }) => {
    const row = rows.find(({ name }) => name === TARGET_POLICY);
    if (title === TARGET_WORKLOAD || !row) return [];
    const named = columns.map((name, index) => ({ name, cell: row.cells[index] ?? null }));
    return [{ title: `${TARGET_POLICY}: ${title}`, rows: named }];
  });
}

/** Panels side by side that share their row names. */
function bandOf(panels: readonly Panel[], { top, most }: { top: number; most: number }): string {
  const first = top + HEAD;
  const names = (panels[0]?.rows ?? []).map(
    ({ name }, index) => `<text x="${LABEL}" y="${first + ROW * index + 4}" class="end">${escaped(name)}</text>`,
  );
  return [
    ...names,
    ...panels.map((panel, index) => panelOf(panel, { left: LABEL + GAP + index * (PANEL + GAP), top, most })),
  ].join("\n");
}

function panelOf({ title, rows }: Panel, { left, top, most }: { left: number; top: number; most: number }): string {
  const first = top + HEAD;
  const bottom = first + ROW * (rows.length - 1) + 12;
  const span = PANEL - NUMBER;
  const x = (value: number): string => {
    const share = (Math.log2(Math.min(most, Math.max(1 / most, value))) / Math.log2(most) + 1) / 2;
    return (left + span * share).toFixed(1);
  };
  const ticks = [1 / most, 1, most].map(
    (tick) =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${first - 14}" y2="${bottom}"${tick === 1 ? ' class="one"' : ""}/><text x="${x(tick)}" y="${first - 20}" class="mid quiet">${tick < 1 ? `1/${1 / tick}` : tick}</text>`,
  );
  const dots = rows.map(({ cell }, index) => {
    if (!cell) return "";
    const y = first + ROW * index;
    const kind = cell.low <= 1 && cell.high >= 1 ? "tie" : cell.value > 1 ? "good" : "bad";
    return `<line x1="${x(cell.low)}" x2="${x(cell.high)}" y1="${y}" y2="${y}" class="bar ${kind}"/><circle cx="${x(cell.value)}" cy="${y}" r="4.5" class="${kind}"/><text x="${(left + PANEL).toFixed(1)}" y="${y + 4}" class="end quiet">${cell.value.toFixed(2)}</text>`;
  });
  return [`<text x="${left}" y="${top + 20}" class="title">${escaped(title)}</text>`, ...ticks, ...dots].join("\n");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
