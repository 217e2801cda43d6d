import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

export interface ChromaServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once; `start` brings it back at the same address, with what it had on disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** It keeps its connections and says nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const START_TRIES = 600;

/** The server that comes with the package chromadb, on a free port of 127.0.0.1, with a folder of its own. */
export async function openChromaServer(): Promise<ChromaServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "aios-chroma-"));
  const command = fileURLToPath(new URL("cli.mjs", import.meta.resolve("chromadb")));
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const options = ["run", "--path", folder, "--host", "127.0.0.1", "--port", String(port)];
    const started = spawn(process.execPath, [command, ...options], { stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    let said = "";
    started.stderr.setEncoding("utf8").on("data", (part: string) => (said += part));
    for (let tries = 0; tries < START_TRIES; tries++) {
      if (started.exitCode !== null) break;
      const answer = await fetch(`${url}/api/v2/heartbeat`).catch(() => undefined);
      if (answer?.ok) return;
      await pass(50);
    }
    throw new Error(`chroma run does not start: ${said}`);
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await gone;
  };
  const end = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true });
  };
  await start().catch(async (cause: unknown) => {
    await end();
    throw cause;
  });
  return {
    url,
    kill,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    [Symbol.asyncDispose]: end,
  };
}
