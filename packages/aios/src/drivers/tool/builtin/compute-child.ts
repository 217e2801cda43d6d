// The process in which formulas and queries run: see compute.ts.
import { Worker } from "node:worker_threads";

export type Computation =
  | { readonly kind: "calculate"; readonly expression: string }
  | { readonly kind: "query"; readonly query: string; readonly json: string };

/** What the computing process says: the library is loaded and the computation begins; then how it ended. */
export type ComputationNews = { type: "began" } | { type: "done"; text: string } | { type: "failed"; message: string };

type Run = (computation: Computation) => Promise<string>;

const runs: { [Kind in Computation["kind"]]: () => Promise<Run> } = {
  calculate: async () => {
    const { createCalculator } = await import("./calculate.ts");
    const calculate = await createCalculator();
    return async (computation) => (computation.kind === "calculate" ? calculate(computation.expression) : "");
  },
  query: async () => {
    const { queryJson } = await import("./query-json.ts");
    return async (computation) => (computation.kind === "query" ? queryJson(computation.query, computation.json) : "");
  },
};

const loaded = new Map<Computation["kind"], Promise<Run>>();
const tell = (news: ComputationNews): void => void process.send?.(news);

process.on("message", (computation: Computation) => {
  void compute(computation);
});
process.on("disconnect", () => process.exit());

// A formula without end does not see that the kernel is gone: a thread looks for it.
const watch = `const { ppid } = process;
setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, "SIGKILL"); }, 1000);`;
new Worker(watch, { eval: true, env: {} }).unref();

async function compute(computation: Computation): Promise<void> {
  const { kind } = computation;
  const loading = loaded.get(kind) ?? runs[kind]();
  loaded.set(kind, loading);
  const run = await loading;
  await new Promise((resolve) => process.send?.({ type: "began" } satisfies ComputationNews, resolve));
  try {
    tell({ type: "done", text: await run(computation) });
  } catch (cause) {
    tell({ type: "failed", message: messageOf(cause) });
  }
}

/** jsonata throws plain objects. */
const messageOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "message" in cause ? String(cause.message) : String(cause);
