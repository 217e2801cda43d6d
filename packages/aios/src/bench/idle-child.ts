// What an idle process of the kernel weighs. Runs with --expose-gc.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot } from "../boot.ts";
import { openHome } from "../config/open-home.ts";
import { loadConfig } from "../config/layers.ts";
import { serveParent } from "./child.ts";

serveParent<{ processes: number }, { bytesPerProcess: number }>(async ({ processes }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-idle-"));
  try {
    const server = { port: 0, maxNewProcessesPerMinute: 10_000_000 };
    const { config } = await loadConfig({
      home: openHome(home, {}),
      flags: { server, journal: { url: "memory:" }, llms: { cores: [{ name: "sim", kind: "sim" }] } },
      env: {},
    });
    await using system = await boot({ home, config });
    const { kernel, key } = system;
    const principal = kernel.authenticate(key);
    const weigh = async (): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      (globalThis as { gc?: () => void }).gc?.();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + external + arrayBuffers;
    };
    for (let warm = 0; warm < 100; warm++) kernel.identify(principal, { session: `warm-${warm}` });
    const before = await weigh();
    for (let index = 0; index < processes; index++) kernel.identify(principal, { session: `idle-${index}` });
    const after = await weigh();
    return { bytesPerProcess: (after - before) / processes };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
