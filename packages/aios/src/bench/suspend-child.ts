// A kernel in a home, with very many agents whose first call found their budget spent.
import { setTimeout as sleep } from "node:timers/promises";
import { boot } from "../boot.ts";
import { loadConfig } from "../config/layers.ts";
import { openHome } from "../config/open-home.ts";
import { serveParent } from "./child.ts";

export interface SuspendRequest {
  readonly home: string;
  readonly processes: number;
}

const atOnce = 64;

/** Answers while the kernel runs, for the parent to kill it. */
serveParent<SuspendRequest, { suspended: number }>(async ({ home, processes }) => {
  const { config } = await loadConfig({ home: openHome(home, {}), flags: {}, env: {} });
  const { client } = await boot({ home, config });
  const spawn = () =>
    client.proc.spawn({
      program: {
        kind: "agent",
        agent: { name: "bench", instructions: "You are brief." },
        task: "say hello to whoever wakes you",
      },
      limits: [{ resource: "calls", limit: 0 }],
    });
  for (let begun = 0; begun < processes; begun += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, processes - begun) }, spawn));
  let suspended = 0;
  for (let look = 0; look < 100; look++) {
    ({ total: suspended } = await client.proc.list({ states: ["suspended"], limit: 1 }));
    if (suspended === processes) break;
    await sleep(100);
  }
  // What was noted last is written.
  await sleep(200);
  return { suspended };
});
