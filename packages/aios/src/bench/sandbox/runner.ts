import { spawn } from "node:child_process";
import { once } from "node:events";

/** One way to run a program that does nothing, from being asked to its end. */
export interface Runner extends AsyncDisposable {
  readonly name: string;
  /** Milliseconds. What has to be put away is put away afterwards, and not counted. */
  readonly run: () => Promise<number>;
}

/** What runs is `true`: the time is that of the isolation. */
export const NOTHING = "true";

/** Milliseconds until it has ended. @throws Error where it ends otherwise than it should. */
export async function timed(run: () => Promise<number | null>): Promise<number> {
  const beganAt = performance.now();
  const code = await run();
  const elapsedMs = performance.now() - beganAt;
  if (code !== 0) throw new Error(`${NOTHING} ended with ${code}`);
  return elapsedMs;
}

export async function exitOf(file: string, args: readonly string[], isShell = false): Promise<number | null> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], shell: isShell });
  child.stdout.resume();
  child.stderr.resume();
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

/** No isolation: what starting a process costs here. */
export const bareProcess = (): Runner => ({
  name: "bare process",
  run: () => timed(() => exitOf(NOTHING, [])),
  [Symbol.asyncDispose]: async () => undefined,
});
