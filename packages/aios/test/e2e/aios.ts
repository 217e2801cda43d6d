import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
}

/** The binary on a home of its own, run from source as a user would. */
export interface Aios extends AsyncDisposable {
  readonly home: string;
  /** Runs to the end. */
  run(args: readonly string[], options?: { input?: string; env?: Record<string, string>; cwd?: string }): Promise<Ran>;
  /** Starts and leaves it running; `ended` is its exit code. */
  start(args: readonly string[], env?: Record<string, string>, cwd?: string): Started;
  /** The data of `--json`. */
  data<Data>(args: readonly string[]): Promise<Data>;
}

export async function openAios(): Promise<Aios> {
  const home = await mkdtemp(join(tmpdir(), "aios-e2e-"));
  const { AIOS_URL: _url, AIOS_KEY: _key, AIOS_PID: _pid, ...own } = process.env;
  const start: Aios["start"] = (args, env = {}, cwd = process.cwd()) => {
    const child = spawn(process.execPath, ["--conditions=aios-source", main, ...args], {
      env: { ...own, AIOS_HOME: home, AIOS_LANG: "en", NO_COLOR: "1", OLLAMA_HOST: "127.0.0.1:9", ...env },
      cwd,
      stdio: "pipe",
    });
    // Listened for from the start: it may end while something else is awaited.
    return { child, ended: once(child, "close").then(([code]) => code as number | null) };
  };
  const run: Aios["run"] = async (args, { input = "", env = {}, cwd } = {}) => {
    const { child, ended } = start(args, env, cwd);
    child.stdin?.end(input);
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    return { code: await ended, out: out(), err: err() };
  };
  return {
    home,
    start,
    run,
    async data<Data>(args: readonly string[]) {
      const { out, err } = await run([...args, "--json"]);
      const { ok, data } = JSON.parse(out) as { ok: boolean; data: Data };
      if (!ok) throw new Error(err);
      return data;
    },
    async [Symbol.asyncDispose]() {
      await run(["down"]);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** What a stream has said so far. */
function collect(stream: ChildProcess["stdout"]): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  return () => text;
}

/** Resolves with what was said when `pattern` is in it; rejects when the process ends before. */
export function said({ child }: Started, pattern: RegExp): Promise<RegExpExecArray> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    child.once("close", () => reject(new Error(`it ended without ${pattern}: ${text}`)));
  });
}
