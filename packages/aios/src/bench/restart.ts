import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, createHttpTransport } from "@aiosjs/sdk";
import { startKernel } from "./aios-path.ts";
import { startChild } from "./child.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { Figure } from "./report.ts";
import type { SuspendRequest } from "./suspend-child.ts";

const rounds = 3;

/** From `aios up` to a ready kernel, on a home whose kernel was killed while so many agents were suspended on their budgets. */
export async function restartFigures(processes: number): Promise<Figure[]> {
  const seconds: number[] = [];
  const emptySeconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    emptySeconds.push(await readySeconds(0));
    seconds.push(await readySeconds(processes));
  }
  const empty = { name: "an empty home, s", value: rounded(percentile(emptySeconds, 0.5)) };
  return [
    {
      ...aimed(
        `${processes.toLocaleString("en")} suspended processes: restart to ready`,
        rounded(percentile(seconds, 0.5)),
        { unit: "s", bound: { atMost: 2 } },
      ),
      peer: empty,
      detail:
        "aios up after a kill -9 of the kernel: start of Node, journal on disk read and checked, processes and their held calls restored, door open; a median of three",
    },
  ];
}

async function readySeconds(processes: number): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
  // JSON is YAML.
  const config = {
    server: { port: 0 },
    scheduler: { queueLimit: 100_000, tenantQueueLimit: 100_000 },
    llms: { cores: [{ name: "sim", kind: "sim" }] },
  };
  await writeFile(join(home, "config.yaml"), JSON.stringify(config));
  {
    await using before = startChild<SuspendRequest, { suspended: number }>("suspend-child");
    const { suspended } = await before.ask({ home, processes });
    if (suspended !== processes) throw new Error(`${suspended} of ${processes} processes were suspended`);
    // Killed with this block.
  }
  const beganAt = performance.now();
  await using kernel = await startKernel(home);
  const seconds = (performance.now() - beganAt) / 1_000;
  const client = createClient(createHttpTransport({ url: new URL(kernel.url).origin, key: kernel.apiKey }));
  const { total } = await client.proc.list({ states: ["suspended"], limit: 1 });
  if (total !== processes) throw new Error(`${total} of ${processes} suspended processes came back`);
  return seconds;
}
