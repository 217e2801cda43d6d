import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openKernel, upstreamCore } from "./aios-path.ts";
import { startChild } from "./child.ts";
import { cpuMsOfRun } from "./cpu-time.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { Figure } from "./report.ts";

const built = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const isBuilt = existsSync(built);
/** What people install is the built one; a clone that was never built has only the source. */
const main = isBuilt ? built : fileURLToPath(new URL("../cli/main.ts", import.meta.url));

/** What a start costs, and what an idle process weighs. */
export async function startFigures(): Promise<Figure[]> {
  const bare: number[] = [];
  const version: number[] = [];
  const flags = isBuilt ? [] : ["--conditions=aios-source"];
  for (let round = 0; round < 11; round++) {
    bare.push(cpuMsOfRun(["-e", "0"], process.env));
    version.push(cpuMsOfRun([...flags, main, "--version"], process.env));
  }
  const added = percentile(version, 0.5) - percentile(bare, 0.5);
  const readyMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    await using _kernel = await openKernel({ cores: [upstreamCore("http://127.0.0.1:9/v1", null)] });
    readyMs.push(performance.now() - startedAt);
  }
  await using idle = startChild<{ processes: number }, { bytesPerProcess: number }>("idle-child", ["--expose-gc"]);
  const { bytesPerProcess } = await idle.ask({ processes: 5_000 });
  return [
    {
      ...aimed(`CPU of aios --version over bare node${isBuilt ? "" : " (from source, not built)"}`, rounded(added), {
        unit: "ms",
        bound: { atMost: 80 },
      }),
      peer: { name: "node -e 0", value: rounded(percentile(bare, 0.5)) },
    },
    aimed("from `aios up` to a ready kernel", rounded(percentile(readyMs, 0.5)), {
      unit: "ms",
      bound: { atMost: 500 },
    }),
    aimed("memory per idle process", rounded(bytesPerProcess / 1_024), { unit: "KB", bound: { atMost: 20 } }),
  ];
}
