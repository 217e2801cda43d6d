// One home through many rounds: programs and clients at work, and in each round something dies, is stopped, fills up or tears.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Random } from "../../src/kernel/ports.ts";
import { ask, Clients } from "./clients.ts";
import { acts, kindOf } from "./acts.ts";
import type { RoundKind, Scene } from "./acts.ts";
import { CrashKernel, START_MS } from "./crash-kernel.ts";
import { EventReader } from "./event-reader.ts";
import { JournalChecks } from "./journal-copy.ts";
import { Operator } from "./operator.ts";
import { Programs } from "./programs.ts";
import { Truth } from "./truth.ts";

/** Until all programs of a home have ended after its last round. */
const CALM_MS = 60_000;
const DISK_MB = 96;

export interface LifeOptions {
  readonly folder: string;
  readonly seed: number;
  readonly rounds: number;
  /** No round begins later than that, by `performance.now`. */
  readonly untilMs: number;
  /** Whether a small disk can be mounted for the home. */
  readonly canMount: boolean;
  readonly tell: (line: string) => void;
}

export interface Lived {
  readonly rounds: Partial<Record<RoundKind, number>>;
  readonly acknowledged: number;
  readonly programs: number;
  readonly asked: number;
}

/** @throws Error that says in which round what went wrong. */
export async function live(options: LifeOptions): Promise<Lived> {
  const life = new Life(options);
  const leave = (): never => {
    life.endNow();
    process.exit(1);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, leave);
  try {
    return await life.run();
  } finally {
    for (const signal of signals) process.off(signal, leave);
    await life.end();
  }
}

class Life implements Scene {
  readonly #options: LifeOptions;
  readonly folder: string;
  readonly random: Random;
  readonly home: string;
  readonly truth: Truth;
  readonly #isOnSmallDisk: boolean;
  readonly #checks: JournalChecks;
  readonly clients: Clients;
  readonly programs: Programs;
  readonly #operator = new Operator();
  readonly #reader = new EventReader();
  readonly #started: CrashKernel[] = [];
  readonly #counts: Partial<Record<RoundKind, number>> = {};
  kernel!: CrashKernel;

  constructor(options: LifeOptions) {
    const { folder, seed, canMount } = options;
    this.#options = options;
    this.folder = folder;
    this.random = createSeededRandom(seed);
    this.home = join(folder, "home");
    for (const name of ["home", "truth", "scratch"]) mkdirSync(join(folder, name), { recursive: true });
    this.truth = new Truth(join(folder, "truth"));
    this.#checks = new JournalChecks(join(folder, "scratch"));
    this.#isOnSmallDisk = canMount && seed % 2 === 0;
    if (this.#isOnSmallDisk) mount(this.home);
    const kernel = (): CrashKernel => this.kernel;
    this.clients = new Clients(kernel);
    this.programs = new Programs({ kernel, truth: this.truth, home: this.home, told: this.clients.told });
  }

  async run(): Promise<Lived> {
    const { rounds, untilMs } = this.#options;
    await this.start();
    this.clients.start();
    const kernel = (): CrashKernel => this.kernel;
    this.#operator.start(kernel, this.truth);
    this.#reader.start(kernel);
    await this.#findClients();
    for (let round = 1; round <= rounds && performance.now() < untilMs; round++) {
      const kind = kindOf(this.random, { hasSmallDisk: this.#isOnSmallDisk, round });
      this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
      const sinceMs = performance.now();
      const note = await this.#round(kind, round).catch((cause: unknown) => {
        throw new Error(`round ${round} (${kind}): ${cause instanceof Error ? cause.stack : String(cause)}`, { cause });
      });
      this.#options.tell(
        `  ${round} ${kind}${note ? ` (${note})` : ""}: ${this.clients.answers} answers, ${this.programs.ended} programs ended, ${Math.round(performance.now() - sinceMs)} ms`,
      );
    }
    await this.clients.stop();
    await this.programs.end(CALM_MS);
    await this.#reader.stop();
    await this.#operator.stop();
    await this.#verify("by the kernel that lived through its last round");
    await this.kernel.kill();
    this.check("at the end");
    await this.start();
    await this.#verify("by the kernel after it");
    await this.kernel.kill();
    return {
      rounds: this.#counts,
      acknowledged: this.clients.told.calls.size,
      programs: this.programs.ended,
      asked: this.#operator.answered,
    };
  }

  /** Nothing that was started is left over. */
  async end(): Promise<void> {
    this.clients.abandon();
    void this.#operator.stop();
    void this.#reader.stop();
    this.endNow();
    await Promise.all(this.#started.map(({ ended }) => ended));
  }

  endNow(): void {
    for (const { hasEnded, child } of this.#started) if (!hasEnded) child.kill("SIGKILL");
    endAll(this.home);
  }

  pick(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  spawn({ isStandby = false, home = this.home, truth = this.truth.folder } = {}): CrashKernel {
    const kernel = new CrashKernel({ home, truth }, isStandby);
    this.#started.push(kernel);
    return kernel;
  }

  async start(): Promise<void> {
    const kernel = this.spawn();
    this.kernel = kernel;
    await this.listens(kernel);
  }

  async listens(kernel: CrashKernel): Promise<void> {
    const waited = new AbortController();
    const tooLong = sleep(START_MS, "late" as const, { signal: waited.signal }).catch(() => "late" as const);
    const listens = await Promise.race([kernel.listens(), tooLong]);
    waited.abort();
    if (listens === true) return;
    if (listens === "late") throw new Error(`the kernel does not start within ${START_MS} ms`);
    const { code, signal, complaint } = await kernel.ended;
    throw new Error(`the kernel does not start (${code ?? signal}): ${complaint}`);
  }

  async #findClients(): Promise<void> {
    for (const name of ["sink", "writer-1", "writer-2"])
      for (;;) {
        const pid = await this.programs.pidOf(name);
        if (pid !== undefined) this.programs.clients.set(name, pid);
        if (pid !== undefined) break;
        await sleep(20);
      }
    this.clients.sinkIs(this.programs.clients.get("sink") as string);
  }

  check(where: string): void {
    const faults = [
      ...this.clients.faults,
      ...this.programs.faults,
      ...this.truth.faults(),
      ...this.#checks.faults(this.home, { told: this.clients.told, seen: this.#reader.seen }),
      ...this.#files(),
    ];
    if (faults.length > 0) throw new Error(`${where}:\n    ${faults.slice(0, 12).join("\n    ")}`);
  }

  /** Somebody has searched: all notes and files are found, and nothing else. */
  async #verify(where: string): Promise<void> {
    const session = "keeper-1";
    const asked = await ask(this.kernel, "mem.search", { args: { query: "the lamp in the hall" }, session });
    const told = await ask(this.kernel, "mem.verify", { args: {}, session });
    const { notes, missing, orphaned } = told?.result ?? {};
    const isRight = asked?.result !== undefined && JSON.stringify([missing, orphaned]) === "[[],[]]";
    if (!isRight) throw new Error(`notes and index differ, ${where}: ${JSON.stringify({ asked, told })}`);
    const found = await ask(this.kernel, "fs.search", { args: { query: "diary" }, session });
    const verified = await ask(this.kernel, "fs.verify", { args: {}, session });
    const { files, ...differences } = verified?.result ?? {};
    const isSame = Object.values(differences).every((paths) => Array.isArray(paths) && paths.length === 0);
    if (found?.result === undefined || files === undefined || !isSame)
      throw new Error(`files, disk and index differ, ${where}: ${JSON.stringify({ found, verified })}`);
    this.#options.tell(`  ${String(notes)} notes and ${Number(files)} files, all in their indexes, ${where}`);
  }

  /** Files hold what was acknowledged last, or what was asked for after it: whole. */
  #files(): string[] {
    const faults: string[] = [];
    for (const [name, contents] of this.clients.told.files) {
      const [client = "", path = ""] = name.split("/");
      const pid = this.programs.clients.get(client);
      if (pid === undefined) continue;
      const file = join(this.home, "files", "local", pid, path);
      const content = existsSync(file) ? readFileSync(file, "utf8") : undefined;
      const isFirst = content === undefined && contents.has("");
      if (!isFirst && !contents.has(content ?? "")) faults.push(`${name} holds ${String(content).slice(0, 40)}…`);
    }
    return faults;
  }

  /** Somewhere in the middle of it all. */
  aWhile(): Promise<void> {
    const [answers, ms] = [1 + this.pick(120), 20 + this.pick(500)];
    // After a start many are asked for at once: half of the rounds see to it that some work is done.
    const isPatient = this.random.next() < 0.5;
    return this.clients.after(isPatient ? { answers, ms: 4_000 } : { answers, ms });
  }

  async #round(kind: RoundKind, round: number): Promise<string | undefined> {
    if (round % 12 === 2 && round + 3 < this.#options.rounds)
      await this.programs.startCommand({ restarts: this.random.next() < 0.5 });
    await this.programs.refill();
    if (this.random.next() < 0.4) this.programs.turnBack(() => this.random.next());
    await this.aWhile();
    return await acts[kind](this);
  }
}

function mount(home: string): void {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", home], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`no small disk at ${home}: ${stderr}`);
}

/** Parents of commands and commands outlive every kernel: who has this home in its environment is one of them. */
function endAll(home: string): void {
  if (process.platform !== "linux") return;
  for (const entry of readdirSync("/proc")) {
    const hostPid = Number(entry);
    if (!Number.isInteger(hostPid) || hostPid === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${hostPid}/environ`, "utf8").split("\0");
      if (environment.includes(`AIOS_HOME=${home}`)) process.kill(hostPid, "SIGKILL");
    } catch {
      // It has ended, or is somebody else's.
    }
  }
}
