// Whole syscalls of an in-process kernel: arguments parsed, capability and limit checked, queued, scheduled, run, settled, recorded.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryJournal } from "../drivers/journal/memory.ts";
import { openSqliteJournal } from "../drivers/journal/sqlite.ts";
import { serveParent } from "./child.ts";
import { percentile } from "./report.ts";
import { openToolKernel } from "./tool-kernel.ts";

export interface SyscallRequest {
  readonly journal: "memory" | "sqlite";
  /** Processes, each of which makes a call, waits for its end, and makes the next. */
  readonly callers: number;
  readonly forMs: number;
}

export interface SyscallAnswer {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** With its result of 100, a row of 600 bytes. */
const text = "x".repeat(460);

async function round({ journal, callers, forMs }: SyscallRequest): Promise<SyscallAnswer> {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    await using kernel = await openToolKernel(
      journal === "memory" ? createMemoryJournal() : await openSqliteJournal({ path: join(home, "journal.db") }),
    );
    const clients = await Promise.all(Array.from({ length: callers }, (_, index) => kernel.process(`agent-${index}`)));
    const us: number[] = [];
    const run = async (ms: number) => {
      us.length = 0;
      const beganAt = performance.now();
      await Promise.all(
        clients.map(async (client) => {
          let step = 0;
          while (performance.now() < beganAt + ms) {
            const at = performance.now();
            await client.tool.call({ name: "note", arguments: { step: step++, text } });
            us.push((performance.now() - at) * 1_000);
          }
        }),
      );
      return (us.length * 1_000) / (performance.now() - beganAt);
    };
    await run(forMs / 2);
    const perSecond = await run(forMs);
    return { perSecond, p50Us: percentile(us, 0.5), p99Us: percentile(us, 0.99) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

serveParent(round);
