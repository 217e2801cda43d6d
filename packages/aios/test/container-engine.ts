import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface ContainerEngine extends AsyncDisposable {
  readonly socket: string;
  readonly image: string;
}

/** Starts what serves Docker's API at the socket, and returns when it answers. @throws Error with what it said when it ends. */
export async function startEngine(
  argv: readonly string[],
  { socket, fix }: { readonly socket: string; readonly fix: string },
): Promise<{ readonly child: ChildProcess } & AsyncDisposable> {
  const [file = "", ...args] = argv;
  // What watches containers leaves a file where it was started when one has taken too much memory.
  const child = spawn(file, args, { cwd: dirname(socket), stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (said = (said + part).slice(-4_000)));
  let fault: Error | undefined;
  child.on("error", (cause) => (fault = new Error(`${file} does not start: ${fix}`, { cause })));
  child.on("exit", () => (fault ??= new Error(`${file} ended: ${said}`)));
  for (;;) {
    if (fault) throw fault;
    if (await answers(socket)) break;
    await sleep(20);
  }
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

async function answers(socket: string): Promise<boolean> {
  const asking = request({ socketPath: socket, path: "/_ping" });
  asking.end();
  return await once(asking, "response").then(
    ([response]) => {
      (response as { resume(): void }).resume();
      return true;
    },
    () => false,
  );
}
