import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort } from "./free-port.ts";

/** Whether a Redis server is installed. CI has to have one: there the tests run, and fail where it is missing. */
export const hasRedis =
  process.env["CI"] === "true" ||
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, "redis-server"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once; `start` brings it back at the same address, empty. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** It keeps its connections and says nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** A real redis-server of its own, on a free port of 127.0.0.1, that writes nothing to disk. */
export async function openRedisServer(): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const started = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    child = started;
    const failed = once(started, "error").then(([cause]) => {
      throw new Error("redis-server does not start: apt-get install redis-server", { cause });
    });
    const ready = (async () => {
      let said = "";
      for await (const part of started.stdout.setEncoding("utf8")) {
        said += part as string;
        if (said.includes("Ready to accept connections")) return;
      }
      throw new Error(`redis-server ended: ${said}`);
    })();
    await Promise.race([ready, failed]);
    started.stdout.resume();
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    [Symbol.asyncDispose]: kill,
  };
}
