import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import { stop } from "./child.ts";
import type { Child } from "./child.ts";
import type { RowAnswer, RowRequest } from "./rows.ts";

/** What a benchmark compares with, as folders of this machine; undefined: its ratios are left out. */
export interface Peers {
  /** The folder of the second predecessor that holds `kernel` and `storage`. */
  readonly original: string | undefined;
  /** Where @langchain/langgraph and @langchain/langgraph-checkpoint-sqlite are installed. */
  readonly langGraph: string | undefined;
  /** Where @langchain/langgraph is, with or without the other. */
  readonly langGraphStore: string | undefined;
}

/** @throws SysError EINVAL for a folder that holds neither peer. */
export function peersIn(folders: readonly string[]): Peers {
  let original: string | undefined;
  let langGraph: string | undefined;
  let langGraphStore: string | undefined;
  for (const folder of folders) {
    const checkout = [folder, join(folder, "aios")].find((path) => existsSync(join(path, "kernel/context_manager.py")));
    const holds = (name: string): boolean => existsSync(join(folder, "node_modules/@langchain", name));
    if (checkout !== undefined) original = checkout;
    else if (holds("langgraph")) {
      langGraphStore = folder;
      if (holds("langgraph-checkpoint-sqlite")) langGraph = folder;
    } else
      throw new SysError("EINVAL", `${folder} holds nothing to compare with`, {
        hint: "a checkout of the second predecessor, or a folder where @langchain/langgraph is installed, for steps with @langchain/langgraph-checkpoint-sqlite",
      });
  }
  return { original, langGraph, langGraphStore };
}

/** What the notes say of peers that were not given. */
export const missingPeers = (
  { original, langGraph, langGraphStore }: Partial<Peers>,
  wanted: readonly (keyof Peers)[],
): string[] => [
  ...(wanted.includes("original") && original === undefined
    ? ["no ratios against the original: --peer FOLDER names a checkout of it (Python 3 with aiosqlite on the PATH)"]
    : []),
  ...(wanted.includes("langGraph") && langGraph === undefined
    ? ["LangGraph.js: not measured: --peer FOLDER names where it and its SQLite saver are installed"]
    : []),
  ...(wanted.includes("langGraphStore") && langGraphStore === undefined
    ? ["LangGraph.js's store: not measured: --peer FOLDER names where @langchain/langgraph is installed"]
    : []),
];

// Lies beside the sources only, which are part of the package.
const driver = fileURLToPath(new URL("../../src/bench/original.py", import.meta.url));

/** The original in a Python process of its own. `python3` is the one of the PATH. */
export function startOriginal(checkout: string): Child<RowRequest, RowAnswer> {
  const child = spawn("python3", [driver, checkout], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (piece: Buffer) => (complaint = (complaint + piece.toString()).slice(-400)));
  let failure: Error | undefined;
  child.on("error", (cause) => (failure = cause));
  // Who writes to one that has ended learns so from the missing answer.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { done, value } = await lines.next();
      if (done)
        throw new Error(`the original cannot be run: ${failure?.message ?? complaint.trim().split("\n").at(-1)}`);
      const answer = JSON.parse(value) as RowAnswer | { error: string };
      if ("error" in answer) throw new Error(`the original: ${answer.error}`);
      return answer;
    },
    [Symbol.asyncDispose]: () => stop(child, "SIGKILL"),
  };
}
