// Steps of LangGraph.js with its SQLite checkpoint saver: a graph of one node that goes round, its state a number and a text.
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveParent } from "./child.ts";

export interface LangGraphRequest {
  /** Where the two packages are installed. */
  readonly folder: string;
  /** Graphs that run at once, each in a conversation of its own. */
  readonly flows: number;
  /** Of each flow. */
  readonly steps: number;
}

interface State {
  readonly step: number;
  readonly text: string;
}

/** As much of its interface as is used here. */
interface Graph {
  addNode(name: string, run: (state: State) => State): Graph;
  addEdge(from: string, to: string): Graph;
  addConditionalEdges(from: string, choose: (state: State) => string): Graph;
  compile(options: { checkpointer: unknown }): { invoke(state: State, config: unknown): Promise<State> };
}
interface LangGraph {
  readonly StateGraph: new (state: unknown) => Graph;
  readonly Annotation: (() => unknown) & { Root(fields: unknown): unknown };
  readonly START: string;
  readonly END: string;
}
interface Saver {
  readonly SqliteSaver: { fromConnString(path: string): { readonly db: { close(): void } } };
}

const text = "x".repeat(580);

serveParent<LangGraphRequest, { perSecond: number }>(async ({ folder, flows, steps }) => {
  const load = createRequire(join(folder, "package.json"));
  const { StateGraph, Annotation, START, END } = load("@langchain/langgraph") as LangGraph;
  const { SqliteSaver } = load("@langchain/langgraph-checkpoint-sqlite") as Saver;
  const scratch = await mkdtemp(join(tmpdir(), "aios-bench-"));
  const saver = SqliteSaver.fromConnString(join(scratch, "checkpoints.db"));
  try {
    const graph = new StateGraph(Annotation.Root({ step: Annotation(), text: Annotation() }))
      .addNode("note", ({ step }) => ({ step: step + 1, text: `${step} ${text}` }))
      .addEdge(START, "note")
      .addConditionalEdges("note", ({ step }) => (step % steps === 0 ? END : "note"))
      .compile({ checkpointer: saver });
    const run = async (prefix: string) => {
      const beganAt = performance.now();
      const ends = await Promise.all(
        Array.from({ length: flows }, (_, flow) =>
          graph.invoke(
            { step: 0, text },
            { configurable: { thread_id: `${prefix}-${flow}` }, recursionLimit: steps + 10 },
          ),
        ),
      );
      if (ends.some(({ step }) => step !== steps)) throw new Error("a graph ended before its last step");
      return (flows * steps * 1_000) / (performance.now() - beganAt);
    };
    await run("warm");
    return { perSecond: await run("measured") };
  } finally {
    saver.db.close();
    await rm(scratch, { recursive: true, force: true });
  }
});
