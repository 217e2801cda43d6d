import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, statfsSync, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import type { Home } from "../config/open-home.ts";
import { CliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { isAlive } from "./is-alive.ts";
import { kernelText } from "./messages/kernel.ts";

export interface RunningKernel {
  readonly pid: number;
  readonly url: string;
  readonly version: string;
}

type Context = Pick<CommandContext, "home" | "signal" | "t" | "lang" | "env" | "cwd">;

/**
 * Starts `aios up` as a process of its own that outlives the terminal; resolves when it listens.
 * @throws CliError with what it said last, and its exit code, when it ended before.
 */
export async function startKernel(
  { home, signal, t, lang, env, cwd }: Context,
  flags: readonly string[],
): Promise<RunningKernel> {
  const logPath = join(home.dir, "logs", "kernel.log");
  const log = await openLog(logPath);
  const from = statSync(logPath).size;
  const command = [process.argv[1] ?? "", "up", "--home", home.dir, "--lang", lang, ...flags];
  const kernel = spawn(process.execPath, [...process.execArgv, ...command], {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended = once(kernel, "exit") as Promise<[code: number | null]>;
  const cancel = (): void => void kernel.kill("SIGTERM");
  signal.addEventListener("abort", cancel, { once: true });
  const over = new AbortController();
  try {
    const ready = until(home, over.signal, () => {
      const { pid, url, version } = home.kernelFile() ?? {};
      return pid !== undefined && pid === kernel.pid && url && version ? { pid, url, version } : undefined;
    });
    const first = await Promise.race([ready, ended]);
    if (!Array.isArray(first)) return first;
    const said = readFileSync(logPath).subarray(from).toString("utf8").trim();
    const [message, ...more] = said.split("\n").map((line) => line.replace(/^(aios:|\s*→)\s*/, ""));
    const code = first[0] ?? 1;
    // A full disk took the words too.
    if (!message && statfsSync(home.dir).bavail === 0)
      throw await unwritableAt(home.dir, Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    const errno = /\((E[A-Z0-9]+)\)/.exec(message ?? "")?.[1] ?? "EIO";
    throw new CliError([errno, code], message || t(kernelText.endedEarly, { code }), {
      hint: more.at(-1) ?? t(kernelText.endedEarlyHint, { log: logPath }),
    });
  } finally {
    over.abort();
    signal.removeEventListener("abort", cancel);
    kernel.unref();
  }
}

/** Where the kernel's words go. @throws SysError that names the file when it cannot be written. */
async function openLog(path: string): Promise<number> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  } catch (cause) {
    throw await unwritableAt(path, cause);
  }
}

const unwritableAt = async (path: string, cause: unknown) =>
  (await import("../config/unwritable.ts")).unwritable(path, cause);

/** Resolves when no kernel says any more that it holds the home; false when that took longer than `patienceMs`. */
export async function kernelIsGone(home: Home, pid: number, patienceMs: number): Promise<boolean> {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    return await until(home, patience, () => (home.kernelFile()?.pid === pid && isAlive(pid) ? undefined : true));
  } catch (cause) {
    if (!patience.aborted) throw cause;
    return false;
  }
}

/** What `look` finds, as soon as it finds something: asked again whenever a file of the home changes. */
async function until<Found>(home: Home, signal: AbortSignal, look: () => Found | undefined): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  const check = (): void => {
    const found = look();
    if (found !== undefined) resolve(found);
  };
  const watcher = watch(home.dir, check);
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  watcher.on("error", reject);
  // What happened before the watcher was there.
  check();
  try {
    return await promise;
  } finally {
    watcher.close();
    signal.removeEventListener("abort", stop);
  }
}
