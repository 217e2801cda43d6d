// What happens in a round: who dies, is stopped, fills up or tears, and what has to be so afterwards.
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/kernel/ports.ts";
import type { Clients } from "./clients.ts";
import { LEASE_MS, START_MS } from "./crash-kernel.ts";
import type { CrashKernel } from "./crash-kernel.ts";
import { damageJournal } from "./damage.ts";
import { JournalChecks } from "./journal-copy.ts";
import { tearTail } from "./log-frames.ts";
import type { Programs } from "./programs.ts";
import type { Truth } from "./truth.ts";

/** How often each kind of round comes, by weight. */
const weights = {
  kernel: 26,
  program: 10,
  command: 4,
  "kernel and program": 14,
  "everything at once": 8,
  "while it starts": 8,
  "torn write": 12,
  "index lost": 8,
  "full disk": 8,
  takeover: 5,
  damage: 3,
  "graceful stop": 2,
} as const;
export type RoundKind = keyof typeof weights;

/** A home with everybody at work. */
export interface Scene {
  readonly folder: string;
  readonly home: string;
  readonly truth: Truth;
  readonly random: Random;
  readonly clients: Clients;
  readonly programs: Programs;
  /** The one that clients know of. */
  kernel: CrashKernel;
  pick(below: number): number;
  /** Somewhere in the middle of it all. */
  aWhile(): Promise<void>;
  spawn(how?: { isStandby?: boolean; home?: string; truth?: string }): CrashKernel;
  /** Starts the next kernel, and waits until it listens. */
  start(): Promise<void>;
  listens(kernel: CrashKernel): Promise<void>;
  /** @throws Error when the journal, the truth or what anybody was told do not agree. No kernel runs. */
  check(where: string): void;
}

/** Full disks need a small one, and damage a journal with something in it. */
export function kindOf(random: Random, { hasSmallDisk, round }: { hasSmallDisk: boolean; round: number }): RoundKind {
  const kinds = Object.entries(weights) as [RoundKind, number][];
  const possible = kinds.filter(([kind]) => (kind !== "full disk" || hasSmallDisk) && (kind !== "damage" || round > 3));
  let left = random.next() * possible.reduce((sum, [, weight]) => sum + weight, 0);
  return possible.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "kernel";
}

export const acts: Readonly<Record<RoundKind, (scene: Scene) => Promise<string | undefined>>> = {
  kernel: async (scene) => {
    await scene.kernel.kill();
    return again(scene);
  },
  program: async (scene) => {
    const wasKilled = await scene.programs.kill("module");
    await scene.aWhile();
    return wasKilled ? undefined : "none ran";
  },
  command: async (scene) => {
    const wasKilled = await scene.programs.kill("command");
    await scene.aWhile();
    return wasKilled ? undefined : "none ran";
  },
  "kernel and program": async (scene) => {
    const killing = scene.programs.kill("module");
    if (scene.random.next() < 0.5) await killing;
    await scene.kernel.kill();
    await killing;
    return again(scene);
  },
  "everything at once": async (scene) => {
    const killing = Promise.all([scene.programs.kill("module"), scene.programs.kill("command")]);
    if (scene.random.next() < 0.7) await killing;
    await scene.kernel.kill();
    await killing;
    return again(scene);
  },
  "while it starts": async (scene) => {
    await scene.kernel.kill();
    scene.check("before a start that is cut off");
    const kernel = scene.spawn();
    scene.kernel = kernel;
    const ms = scene.pick(1_200);
    await Promise.race([sleep(ms), kernel.ended]);
    await kernel.kill();
    const note = kernel.door ? `${ms} ms, it listened` : `${ms} ms`;
    await again(scene);
    return note;
  },
  "torn write": async (scene) => {
    await scene.kernel.kill();
    const note = tearTail(join(scene.home, "journal.db"), scene.random);
    await again(scene);
    return note;
  },
  "index lost": async (scene) => {
    await scene.kernel.kill();
    for (const name of ["notes.db", "files.db"])
      for (const suffix of ["", "-wal", "-shm"]) rmSync(join(scene.home, "index", name + suffix), { force: true });
    await again(scene);
    if (scene.random.next() < 0.4) return undefined;
    // While it is made anew, by whoever searches first.
    const ms = scene.pick(800);
    await sleep(ms);
    await scene.kernel.kill();
    await again(scene);
    return `killed again after ${ms} ms`;
  },
  "full disk": fillDisk,
  takeover: takeOver,
  damage: damage,
  "graceful stop": async (scene) => {
    scene.kernel.child.kill("SIGTERM");
    const { code, signal, complaint } = await scene.kernel.ended;
    if (code !== 0) throw new Error(`a graceful stop ended with ${code ?? signal}: ${complaint}`);
    return again(scene);
  },
};

/** Looks at what is left, and starts the next kernel on it. */
async function again(scene: Scene): Promise<undefined> {
  scene.check("after the kill");
  await scene.start();
}

async function fillDisk(scene: Scene): Promise<string> {
  const filler = join(scene.home, "filler");
  spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"], { stdio: "ignore" });
  await sleep(scene.pick(1_200));
  const isKilled = scene.random.next() < 0.5;
  if (isKilled) await scene.kernel.kill();
  let refusal = "";
  if (isKilled && scene.random.next() < 0.5) {
    // It may start, if what it has to write finds its place; or it says what is wrong.
    const kernel = scene.spawn();
    scene.kernel = kernel;
    await Promise.race([kernel.listens(), kernel.ended, sleep(START_MS, undefined, { ref: false })]);
    if (kernel.door === undefined) {
      const { code, complaint } = await kernel.kill();
      refusal = `, refused ${code}: ${complaint.trim()}`;
      if (!/full|space|cannot be written/.test(complaint)) throw new Error(`on a full disk it said: ${complaint}`);
    }
  }
  rmSync(filler);
  if (scene.kernel.hasEnded) await again(scene);
  // Space is back: within two tries of the journal it goes on.
  const before = scene.clients.answers;
  await scene.clients.after({ answers: 5, ms: 20_000 });
  if (scene.clients.answers === before) throw new Error("it does not go on when space is back");
  return `${isKilled ? "killed on it" : "lived through it"}${refusal}`;
}

async function takeOver(scene: Scene): Promise<string> {
  const [first, second] = [scene.kernel, scene.spawn({ isStandby: true })];
  const why = await second.says("waits");
  if (why === undefined) throw new Error(`the standby ended: ${(await second.ended).complaint}`);
  await scene.aWhile();
  await stop(first, scene);
  await scene.listens(second);
  scene.kernel = second;
  // Some clients turn to the next one at once; others wait for the answer of the one that is stopped.
  const isPatient = scene.random.next() < 0.5;
  if (!isPatient) first.left.abort();
  await sleep(scene.pick(600));
  first.child.kill("SIGCONT");
  const tooLong = sleep(20_000, undefined, { ref: false });
  const ended = await Promise.race([first.ended, tooLong]);
  if (!ended) throw new Error("the kernel that was taken over from does not end");
  if (ended.code !== 6) throw new Error(`it ended with ${ended.code ?? ended.signal}: ${ended.complaint}`);
  await scene.aWhile();
  return `${isPatient ? "patient" : "impatient"} clients, lease ${LEASE_MS} ms`;
}

/** Not in the middle of a write, which keeps the home locked until it goes on: who stands by waits then. */
async function stop({ child }: CrashKernel, scene: Scene): Promise<void> {
  for (;;) {
    child.kill("SIGSTOP");
    await sleep(5);
    if (isFree(join(scene.home, "journal.db"))) return;
    child.kill("SIGCONT");
    await sleep(1 + scene.pick(20));
  }
}

/** Acknowledged bytes are changed, in a copy: the kernel says so, and never takes the journal for an empty one. */
async function damage(scene: Scene): Promise<string> {
  await scene.kernel.kill();
  scene.check("before the damage");
  const { folder } = scene;
  const [home, truth] = [join(folder, "damaged"), join(folder, "damaged-truth")];
  for (const path of [home, truth]) rmSync(path, { recursive: true, force: true });
  cpSync(scene.home, home, { recursive: true });
  cpSync(scene.truth.folder, truth, { recursive: true });
  rmSync(join(home, "kernel.port"), { force: true });
  const what = damageJournal(join(home, "journal.db"), scene.random);
  const kernel = scene.spawn({ home, truth });
  await Promise.race([kernel.listens(), kernel.ended, sleep(START_MS, undefined, { ref: false })]);
  const { code, complaint } = await kernel.kill();
  const said = complaint.split("\n")[0] ?? "";
  if (kernel.door === undefined) {
    if (code !== 1 || !said.includes(join(home, "journal.db")))
      throw new Error(`${what}: the kernel ended with ${code} and said ${complaint}`);
  } else {
    // What was changed holds nothing: all that was acknowledged is there.
    const faults = new JournalChecks(join(folder, "scratch")).faults(home, { told: scene.clients.told, seen: [] });
    if (faults.length > 0) throw new Error(`${what}, and the kernel started on it: ${faults.slice(0, 5).join("; ")}`);
  }
  for (const path of [home, truth]) rmSync(path, { recursive: true, force: true });
  await scene.start();
  return `${what}: ${kernel.door ? "nothing was lost" : said}`;
}

/** Whether nobody writes to the database just now. */
function isFree(path: string): boolean {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("begin immediate; rollback");
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
}
