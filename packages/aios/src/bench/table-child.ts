// A kernel with very many processes, and how long it takes to list them.
import { createClient } from "@aiosjs/sdk";
import { createMemoryJournal } from "../drivers/journal/memory.ts";
import { serveParent } from "./child.ts";
import { percentile } from "./report.ts";
import { openToolKernel } from "./tool-kernel.ts";

export interface TableRequest {
  readonly processes: number;
}

export interface TableAnswer {
  /** Median. */
  readonly firstMs: number;
  readonly allMs: number;
  readonly pages: number;
}

serveParent<TableRequest, TableAnswer>(async ({ processes }) => {
  await using system = await openToolKernel(createMemoryJournal());
  const { kernel, root } = system;
  for (let index = 0; index < processes; index++) {
    kernel.identify(root, { session: `agent-${index}` });
    // Its journal is written between.
    if (index % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const client = createClient(kernel.transport(root));
  const firstMs: number[] = [];
  for (let round = 0; round < 20; round++) {
    const at = performance.now();
    const { total } = await client.proc.list();
    firstMs.push(performance.now() - at);
    if (total !== processes) throw new Error(`${total} of ${processes} processes are in the table`);
  }
  const at = performance.now();
  let pages = 0;
  let listed = 0;
  let page = await client.proc.list();
  for (;;) {
    pages++;
    listed += page.processes.length;
    if (page.next === null) break;
    page = await client.proc.list({ after: page.next });
  }
  if (listed !== processes) throw new Error(`the pages listed ${listed} of ${processes} processes`);
  return { firstMs: percentile(firstMs, 0.5), allMs: performance.now() - at, pages };
});
