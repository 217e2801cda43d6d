// One home through many rounds: programs and clients at work, and in each round something dies, is stopped, fills up or tears.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Random } from "../../src/kernel/ports.ts";
import { Clients } from "./clients.ts";
import { CrashKernel, LEASE_MS } from "./crash-kernel.ts";
import { damageJournal } from "./damage.ts";
import { EventReader } from "./event-reader.ts";
import { JournalChecks } from "./journal-copy.ts";
import { tearTail } from "./log-frames.ts";
import { Operator } from "./operator.ts";
import { Programs } from "./programs.ts";
import { Truth } from "./truth.ts";

/** How often each kind of round comes, by weight. */
const weights = {
  kernel: 26,
  program: 10,
  command: 4,
  "kernel and program": 14,
  "everything at once": 8,
  "while it starts": 8,
  "torn write": 12,
  "full disk": 8,
  takeover: 5,
  damage: 3,
  "graceful stop": 2,
} as const;
export type RoundKind = keyof typeof weights;

/** Until all programs of a home have ended after its last round. */
const CALM_MS = 60_000;
/** A kernel that has not listened by then does not start. */
const START_MS = 30_000;
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
  try {
    return await life.run();
  } finally {
    await life.end();
  }
}

class Life {
  readonly #options: LifeOptions;
  readonly #random: Random;
  readonly #home: string;
  readonly #truth: Truth;
  readonly #isOnSmallDisk: boolean;
  readonly #checks: JournalChecks;
  readonly #clients: Clients;
  readonly #programs: Programs;
  readonly #operator = new Operator();
  readonly #reader = new EventReader();
  readonly #started: CrashKernel[] = [];
  readonly #counts: Partial<Record<RoundKind, number>> = {};
  #kernel!: CrashKernel;

  constructor(options: LifeOptions) {
    const { folder, seed, canMount } = options;
    this.#options = options;
    this.#random = createSeededRandom(seed);
    this.#home = join(folder, "home");
    for (const name of ["home", "truth", "scratch"]) mkdirSync(join(folder, name), { recursive: true });
    this.#truth = new Truth(join(folder, "truth"));
    this.#checks = new JournalChecks(join(folder, "scratch"));
    this.#isOnSmallDisk = canMount && seed % 2 === 0;
    if (this.#isOnSmallDisk) mount(this.#home);
    const kernel = (): CrashKernel => this.#kernel;
    this.#clients = new Clients(kernel);
    this.#programs = new Programs({ kernel, truth: this.#truth, home: this.#home });
  }

  async run(): Promise<Lived> {
    const { rounds, untilMs } = this.#options;
    await this.#start();
    this.#clients.start();
    const kernel = (): CrashKernel => this.#kernel;
    this.#operator.start(kernel, this.#truth);
    this.#reader.start(kernel);
    await this.#findClients();
    for (let round = 1; round <= rounds && performance.now() < untilMs; round++) {
      const kind = this.#kindOf(round);
      this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
      const sinceMs = performance.now();
      const note = await this.#round(kind, round).catch((cause: unknown) => {
        throw new Error(`round ${round} (${kind}): ${cause instanceof Error ? cause.stack : String(cause)}`, { cause });
      });
      this.#options.tell(
        `  ${round} ${kind}${note ? ` (${note})` : ""}: ${this.#clients.answers} answers, ${this.#programs.ended} programs ended, ${Math.round(performance.now() - sinceMs)} ms`,
      );
    }
    await this.#clients.stop();
    await this.#programs.end(CALM_MS);
    await this.#reader.stop();
    await this.#operator.stop();
    await this.#kernel.kill();
    this.#check("at the end");
    return {
      rounds: this.#counts,
      acknowledged: this.#clients.told.calls.size,
      programs: this.#programs.ended,
      asked: this.#operator.answered,
    };
  }

  /** Nothing that was started is left over. */
  async end(): Promise<void> {
    this.#clients.abandon();
    void this.#operator.stop();
    void this.#reader.stop();
    for (const kernel of this.#started) if (!kernel.hasEnded) await kernel.kill();
    endAll(this.#home);
  }

  #pick(below: number): number {
    return Math.floor(this.#random.next() * below);
  }

  #kindOf(round: number): RoundKind {
    const kinds = Object.entries(weights) as [RoundKind, number][];
    const possible = kinds.filter(
      ([kind]) => (kind !== "full disk" || this.#isOnSmallDisk) && (kind !== "damage" || round > 3),
    );
    let left = this.#random.next() * possible.reduce((sum, [, weight]) => sum + weight, 0);
    return possible.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "kernel";
  }

  #spawn(isStandby = false): CrashKernel {
    const kernel = new CrashKernel({ home: this.#home, truth: this.#truth.folder }, isStandby);
    this.#started.push(kernel);
    return kernel;
  }

  async #start(): Promise<void> {
    const kernel = this.#spawn();
    this.#kernel = kernel;
    await this.#listens(kernel);
  }

  async #listens(kernel: CrashKernel): Promise<void> {
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
        const pid = await this.#programs.pidOf(name);
        if (pid !== undefined) this.#programs.clients.set(name, pid);
        if (pid !== undefined) break;
        await sleep(20);
      }
    this.#clients.sinkIs(this.#programs.clients.get("sink") as string);
  }

  #check(where: string): void {
    const faults = [
      ...this.#clients.faults,
      ...this.#programs.faults,
      ...this.#truth.faults(),
      ...this.#checks.faults(this.#home, { told: this.#clients.told, seen: this.#reader.seen }),
      ...this.#files(),
    ];
    if (faults.length > 0) throw new Error(`${where}:\n    ${faults.slice(0, 12).join("\n    ")}`);
  }

  /** Files hold what was acknowledged last, or what was asked for after it: whole. */
  #files(): string[] {
    const faults: string[] = [];
    for (const [name, contents] of this.#clients.told.files) {
      const [client = "", path = ""] = name.split("/");
      const pid = this.#programs.clients.get(client);
      if (pid === undefined) continue;
      const file = join(this.#home, "files", "local", pid, path);
      const content = existsSync(file) ? readFileSync(file, "utf8") : undefined;
      const isFirst = content === undefined && contents.has("");
      if (!isFirst && !contents.has(content ?? "")) faults.push(`${name} holds ${String(content).slice(0, 40)}…`);
    }
    return faults;
  }

  /** Somewhere in the middle of it all. */
  #aWhile(): Promise<void> {
    const [answers, ms] = [1 + this.#pick(120), 20 + this.#pick(500)];
    // After a start many are asked for at once: half of the rounds see to it that some work is done.
    const isPatient = this.#random.next() < 0.5;
    return this.#clients.after(isPatient ? { answers, ms: 4_000 } : { answers, ms });
  }

  async #round(kind: RoundKind, round: number): Promise<string | undefined> {
    if (round % 12 === 2 && round + 3 < this.#options.rounds)
      await this.#programs.startCommand({ restarts: this.#random.next() < 0.5 });
    await this.#programs.refill();
    await this.#aWhile();
    return await this.#acts[kind]();
  }

  readonly #acts: Readonly<Record<RoundKind, () => Promise<string | undefined>>> = {
    kernel: async () => {
      await this.#kernel.kill();
      return this.#again();
    },
    program: async () => {
      const wasKilled = await this.#programs.kill("module");
      await this.#aWhile();
      return wasKilled ? undefined : "none ran";
    },
    command: async () => {
      const wasKilled = await this.#programs.kill("command");
      await this.#aWhile();
      return wasKilled ? undefined : "none ran";
    },
    "kernel and program": async () => {
      const killing = this.#programs.kill("module");
      if (this.#random.next() < 0.5) await killing;
      await this.#kernel.kill();
      await killing;
      return this.#again();
    },
    "everything at once": async () => {
      const killing = Promise.all([this.#programs.kill("module"), this.#programs.kill("command")]);
      if (this.#random.next() < 0.7) await killing;
      await this.#kernel.kill();
      await killing;
      return this.#again();
    },
    "while it starts": async () => {
      await this.#kernel.kill();
      this.#check("before a start that is cut off");
      const kernel = this.#spawn();
      this.#kernel = kernel;
      const ms = this.#pick(1_200);
      await Promise.race([sleep(ms), kernel.ended]);
      await kernel.kill();
      const note = kernel.door ? `${ms} ms, it listened` : `${ms} ms`;
      await this.#again();
      return note;
    },
    "torn write": async () => {
      await this.#kernel.kill();
      const note = tearTail(join(this.#home, "journal.db"), this.#random);
      await this.#again();
      return note;
    },
    "full disk": () => this.#fillDisk(),
    takeover: () => this.#takeOver(),
    damage: () => this.#damage(),
    "graceful stop": async () => {
      this.#kernel.child.kill("SIGTERM");
      const { code, signal, complaint } = await this.#kernel.ended;
      if (code !== 0) throw new Error(`a graceful stop ended with ${code ?? signal}: ${complaint}`);
      return this.#again();
    },
  };

  /** Looks at what is left, and starts the next kernel on it. */
  async #again(): Promise<undefined> {
    this.#check("after the kill");
    await this.#start();
  }

  async #fillDisk(): Promise<string> {
    const filler = join(this.#home, "filler");
    spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"], { stdio: "ignore" });
    await sleep(this.#pick(1_200));
    const isKilled = this.#random.next() < 0.5;
    if (isKilled) await this.#kernel.kill();
    let refusal = "";
    if (isKilled && this.#random.next() < 0.5) {
      // It may start, if what it has to write finds its place; or it says what is wrong.
      const kernel = this.#spawn();
      this.#kernel = kernel;
      await Promise.race([kernel.listens(), kernel.ended, sleep(START_MS)]);
      if (kernel.door === undefined) {
        const { code, complaint } = await kernel.kill();
        refusal = `, refused ${code}: ${complaint.trim()}`;
        if (!/full|space|cannot be written/.test(complaint)) throw new Error(`on a full disk it said: ${complaint}`);
      }
    }
    rmSync(filler);
    if (this.#kernel.hasEnded) await this.#again();
    // Space is back: within two tries of the journal it goes on.
    const before = this.#clients.answers;
    await this.#clients.after({ answers: 5, ms: 20_000 });
    if (this.#clients.answers === before) throw new Error("it does not go on when space is back");
    return `${isKilled ? "killed on it" : "lived through it"}${refusal}`;
  }

  async #takeOver(): Promise<string> {
    const [first, second] = [this.#kernel, this.#spawn(true)];
    const why = await second.says("waits");
    if (why === undefined) throw new Error(`the standby ended: ${(await second.ended).complaint}`);
    await this.#aWhile();
    await this.#stop(first);
    await this.#listens(second);
    this.#kernel = second;
    // Some clients turn to the next one at once; others wait for the answer of the one that is stopped.
    const isPatient = this.#random.next() < 0.5;
    if (!isPatient) first.left.abort();
    await sleep(this.#pick(600));
    first.child.kill("SIGCONT");
    const tooLong = sleep(20_000, undefined, { ref: false });
    const ended = await Promise.race([first.ended, tooLong]);
    if (!ended) throw new Error("the kernel that was taken over from does not end");
    if (ended.code !== 6) throw new Error(`it ended with ${ended.code ?? ended.signal}: ${ended.complaint}`);
    await this.#aWhile();
    return `${isPatient ? "patient" : "impatient"} clients, lease ${LEASE_MS} ms`;
  }

  /** Not in the middle of a write, which keeps the home locked until it goes on: who stands by waits then. */
  async #stop({ child }: CrashKernel): Promise<void> {
    for (;;) {
      child.kill("SIGSTOP");
      await sleep(5);
      if (isFree(join(this.#home, "journal.db"))) return;
      child.kill("SIGCONT");
      await sleep(1 + this.#pick(20));
    }
  }

  /** Acknowledged bytes are changed, in a copy: the kernel says so, and never takes the journal for an empty one. */
  async #damage(): Promise<string> {
    await this.#kernel.kill();
    this.#check("before the damage");
    const { folder } = this.#options;
    const [home, truth] = [join(folder, "damaged"), join(folder, "damaged-truth")];
    for (const path of [home, truth]) rmSync(path, { recursive: true, force: true });
    cpSync(this.#home, home, { recursive: true });
    cpSync(this.#truth.folder, truth, { recursive: true });
    rmSync(join(home, "kernel.port"), { force: true });
    const what = damageJournal(join(home, "journal.db"), this.#random);
    const kernel = new CrashKernel({ home, truth });
    this.#started.push(kernel);
    await Promise.race([kernel.listens(), kernel.ended, sleep(START_MS)]);
    const { code, complaint } = await kernel.kill();
    const said = complaint.split("\n")[0] ?? "";
    if (kernel.door === undefined) {
      if (code !== 1 || !said.includes(join(home, "journal.db")))
        throw new Error(`${what}: the kernel ended with ${code} and said ${complaint}`);
    } else {
      // What was changed holds nothing: all that was acknowledged is there.
      const faults = new JournalChecks(join(folder, "scratch")).faults(home, { told: this.#clients.told, seen: [] });
      if (faults.length > 0) throw new Error(`${what}, and the kernel started on it: ${faults.slice(0, 5).join("; ")}`);
    }
    for (const path of [home, truth]) rmSync(path, { recursive: true, force: true });
    await this.#start();
    return `${what}: ${kernel.door ? "nothing was lost" : said}`;
  }
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
