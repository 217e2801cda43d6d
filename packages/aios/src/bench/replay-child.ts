// A program of many steps that a kernel is stopped under, and is told again by the next kernel what it was told.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, inLanes } from "@aiosjs/sdk";
import { openSqliteJournal } from "../drivers/journal/sqlite.ts";
import type { ProgramContext } from "../kernel/ports.ts";
import { serveParent } from "./child.ts";
import { percentile } from "./report.ts";
import { openToolKernel } from "./tool-kernel.ts";

export interface ReplayRequest {
  readonly steps: number;
  readonly restarts: number;
}

export interface ReplayAnswer {
  /** Of all restarts but the first one, which pays for compilation. */
  readonly medianMs: number;
  readonly firstMs: number;
  /** From the kernel's opening to the program's first call; median. */
  readonly readMs: number;
}

interface Fold {
  readonly beganAt: number;
  readonly endedAt: number;
}

const text = "x".repeat(460);
const never = new Promise<never>(() => undefined);

serveParent<ReplayRequest, ReplayAnswer>(async ({ steps, restarts }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  const path = join(home, "journal.db");
  let folded = Promise.withResolvers<Fold>();
  /** All its steps, and then it waits for a stop. */
  const program = async ({ transport }: ProgramContext): Promise<never> => {
    const client = createClient(inLanes(transport));
    const beganAt = performance.now();
    for (let step = 0; step < steps; step++) await client.tool.call({ name: "note", arguments: { step, text } });
    folded.resolve({ beganAt, endedAt: performance.now() });
    return never;
  };
  try {
    {
      await using first = await openToolKernel(await openSqliteJournal({ path }), { run: program });
      await createClient(first.kernel.transport(first.root)).proc.spawn({
        program: { kind: "agent", agent: { name: "bench", instructions: "You are brief." }, task: "count" },
      });
      await folded.promise;
    }
    const ms: number[] = [];
    const readMs: number[] = [];
    for (let restart = 0; restart < restarts; restart++) {
      folded = Promise.withResolvers<Fold>();
      const journal = await openSqliteJournal({ path });
      const openedAt = performance.now();
      await using next = await openToolKernel(journal, { run: program });
      const { beganAt, endedAt } = await folded.promise;
      ms.push(endedAt - beganAt);
      readMs.push(beganAt - openedAt);
      const { calls } = await createClient(next.kernel.transport(next.root)).proc.trace({
        pid: await onlyPid(next),
        limit: 1_000,
      });
      if (calls.length !== steps) throw new Error(`${calls.length} calls are on record, not ${steps}`);
    }
    const [firstMs = Number.NaN, ...others] = ms;
    return { medianMs: percentile(others, 0.5), firstMs, readMs: percentile(readMs, 0.5) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

async function onlyPid({ kernel, root }: Awaited<ReturnType<typeof openToolKernel>>): Promise<string> {
  const { processes } = await createClient(kernel.transport(root)).proc.list();
  const [only] = processes;
  if (only === undefined || processes.length > 1) throw new Error(`${processes.length} processes are there, not one`);
  return only.pid;
}
