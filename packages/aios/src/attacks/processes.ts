// Children of the runner: ordinary ones for controls, and victims that an attack from inside must not reach.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Program, Ran, Words } from "./attack.ts";

/** The machine's own interpreters first: others may lie where only one user gets at them. */
const PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";
const KEPT_BYTES = 1_048_576;

export const argvOf = ({ language, source }: Program): readonly string[] => [language, "-c", source];

/** What the words are called in the environment of a program: as nothing of AIOS is, which a control inherits. */
export const environmentOf = (words: Words): Record<string, string> =>
  Object.fromEntries(Object.entries(words).map(([name, value]) => [`ATTACK_${name}`, value]));

/** As anybody starts a program: with the whole environment and every handle that is not closed. */
export async function runOrdinarily(
  program: Program,
  words: Words,
  { cwd, wallMs = 10_000 }: { readonly cwd: string; readonly wallMs?: number | undefined },
): Promise<Ran> {
  const [file = "", ...args] = argvOf(program);
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, PATH: `${PATH}:${process.env["PATH"] ?? ""}`, ...environmentOf(words) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pieces: Buffer[] = [];
  let keptBytes = 0;
  let droppedBytes = 0;
  const keep = (piece: Buffer): void => {
    if (keptBytes < KEPT_BYTES) pieces.push(piece);
    else droppedBytes += piece.length;
    keptBytes += piece.length;
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let exceeded: "wallMs" | undefined;
  const timer = setTimeout(() => {
    exceeded = "wallMs";
    child.kill("SIGKILL");
  }, wallMs);
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    // Who left children behind still holds the pipes: what was printed until now is enough.
    await new Promise((resolve) => setImmediate(resolve));
    return { output: Buffer.concat(pieces).toString(), code, exceeded, droppedBytes, isMissing: false };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    return { output: "", code: null, droppedBytes: 0, isMissing: true };
  } finally {
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

export interface Victim extends AsyncDisposable {
  readonly pid: number;
  /** The first line that it printed of its own. */
  readonly said: string;
  /** Whether somebody has ended it, by and by. */
  isGone(): Promise<boolean>;
}

/** A process of this user, outside of all grounds. Undefined: its interpreter is missing. */
export async function startVictim(program: Program, argument = ""): Promise<Victim | undefined> {
  const [file = "", ...args] = argvOf(program);
  const child = spawn(file, [...args, argument], {
    // Of a group of its own, that nothing of it stays behind.
    detached: true,
    env: { ...process.env, PATH },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = Promise.withResolvers<void>();
  child.once("exit", () => ended.resolve());
  child.once("error", () => ended.resolve());
  const line = Promise.withResolvers<string>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    said += piece;
    const first = /^(?!BEGAN$)(.+)\n/m.exec(said)?.[1];
    if (first !== undefined) line.resolve(first);
  });
  const first = await Promise.race([line.promise, ended.promise]);
  if (first === undefined || child.pid === undefined) return undefined;
  const { pid } = child;
  return {
    pid,
    said: first.trim(),
    isGone: () => within(ended.promise, 300),
    [Symbol.asyncDispose]: () => endGroup(child, pid, ended.promise),
  };
}

async function endGroup(child: ChildProcess, pid: number, ended: Promise<void>): Promise<void> {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
  child.stdout?.destroy();
  await ended;
}

/** Whether it happens in so many milliseconds. */
async function within(happening: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([happening.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
