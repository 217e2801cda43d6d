// The programs of a home: some of each kind at a time, a new one when one has ended, and what each must have come to.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CallView, ProcessView } from "@aiosjs/sdk";
import { isRunning } from "../programs/started-once.ts";
import type { CrashKernel } from "./crash-kernel.ts";
import { ask } from "./clients.ts";
import type { Acknowledged } from "./clients.ts";
import type { SeenAtEnd } from "./file-checks.ts";
import type { Truth } from "./truth.ts";

const file = fileURLToPath(new URL("../programs/modules/crash-programs.ts", import.meta.url));
const command = fileURLToPath(new URL("../programs/crash-command.ts", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const modules = ["payer", "racer", "receiver", "sender", "keeper"] as const;
const STEPS = 5;

interface Program {
  readonly name: string;
  readonly kind: (typeof modules)[number] | "agent" | "command";
  readonly pid: string;
  /** The name that its program was told: a fork's is that of the one it is a fork of. */
  readonly told: string;
  /** Killed by us: it is not to come back. */
  isKilled: boolean;
  readonly restarts: boolean;
}

interface Place {
  readonly kernel: () => CrashKernel;
  readonly truth: Truth;
  readonly home: string;
  readonly told: Acknowledged;
}

export class Programs {
  readonly faults: string[] = [];
  /** Processes of clients by their names. */
  readonly clients = new Map<string, string>();
  /** How many have come to their end, as they should. */
  ended = 0;
  readonly #alive = new Map<string, Program>();
  readonly #place: Place;
  #births = 0;
  #turns = 0;
  /** Keepers of notes, alive or not: those can go back, and be forked. */
  readonly #keepers: Program[] = [];
  #turning: Promise<void> = Promise.resolve();
  /** Odd while a way back is asked for. */
  #waysBack = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  /** An agent, and two or three modules, each kind in its turn. */
  async refill(): Promise<void> {
    await this.look();
    const kinds = [...this.#alive.values()].map(({ kind }) => kind);
    if (!kinds.includes("agent")) await this.#spawnAgent();
    if (kinds.filter((kind) => kind !== "agent" && kind !== "command").length > 1) return;
    const turn = this.#turns++ % 4;
    if (turn === 0) await this.#spawn("payer");
    else if (turn === 1) await this.#spawn("racer");
    else if (turn === 2) await this.#spawn("keeper");
    else await this.#spawn("sender", await this.#spawn("receiver"));
  }

  async #spawn(kind: (typeof modules)[number], to?: string): Promise<string> {
    const name = `${kind}-${++this.#births}`;
    const task = JSON.stringify({ kind, name, truth: this.#place.truth.folder, ...(to === undefined ? {} : { to }) });
    // Its parent is whom it may send to.
    return this.#enter({ name, kind, ...(to === undefined ? {} : { parent: to }) }, { kind: "module", file, task });
  }

  async #spawnAgent(): Promise<void> {
    const name = `agent-${++this.#births}`;
    const manifest = { name: "buyer", instructions: "You buy what you are told to.", tools: ["pay", "calculator"] };
    await this.#enter(
      { name, kind: "agent" },
      { kind: "agent", agent: manifest, task: `Calculate ${this.#births} * 7, then pay for ${name}` },
    );
  }

  async #enter(
    { name, kind, parent }: Pick<Program, "name" | "kind"> & { parent?: string },
    program: object,
  ): Promise<string> {
    const limits = [{ resource: "calls", window: "run", limit: 1_000_000 }];
    const result = await this.#insist("proc.spawn", { name, program, limits }, parent);
    const pid = String(result["pid"]);
    this.#add({ name, told: name, kind, pid, isKilled: false, restarts: true });
    return pid;
  }

  #add(program: Program): void {
    this.#alive.set(program.pid, program);
    if (program.kind === "keeper") this.#keepers.push(program);
  }

  /**
   * Takes a keeper of notes back to some call of it, or makes a second one of it, while whatever is to happen happens; `draw`
   * says which. Nobody waits for it: who kills the kernel cuts it off.
   */
  turnBack(draw: () => number): void {
    const pick = <Item>(all: readonly Item[]): Item | undefined => all[Math.floor(draw() * all.length)];
    const program = pick(this.#keepers);
    const isFork = draw() < 0.4;
    if (!program) return;
    const turn = async (): Promise<void> => {
      const { pid, told } = program;
      const trace = await ask(this.#place.kernel(), "proc.trace", { args: { pid }, session: "programs" });
      // What is under way is not on record yet: a kernel that dies now has never had it.
      const calls = ((trace?.result?.["calls"] ?? []) as readonly CallView[]).filter(({ timing }) => timing.endedAt);
      const seq = pick(calls)?.seq;
      if (seq === undefined) return;
      if (isFork) {
        const name = `${told}-fork-${++this.#births}`;
        const result = await this.#insist("proc.fork", { pid, seq, name });
        return this.#add({ ...program, name, pid: String(result["pid"]) });
      }
      // Whether or not it does, it comes to the same end.
      this.#place.told.ended.delete(pid);
      this.#alive.set(pid, program);
      this.#waysBack++;
      await ask(this.#place.kernel(), "proc.rollback", { args: { pid, seq }, session: "programs" });
      this.#waysBack++;
    };
    this.#turning = this.#turning.then(turn).catch((cause: unknown) => void this.faults.push(String(cause)));
  }

  async #insist(syscall: string, args: object, pid?: string): Promise<Record<string, unknown>> {
    for (let attempt = 0; ; attempt++) {
      const key = `programs-${this.#births}-${attempt}`;
      for (;;) {
        const answer = await ask(this.#place.kernel(), syscall, {
          args,
          session: "programs",
          key,
          ...(pid === undefined ? {} : { pid }),
        });
        if (answer?.result !== undefined) return answer.result;
        // Made as a program that is replayed, the call has no key: whether it happened is seen in the table.
        const made = pid === undefined ? undefined : await this.pidOf((args as { name: string }).name);
        if (made !== undefined) return { pid: made };
        // Of a process that is on its way back there is no fork yet; that is on record as the end of this call.
        if (answer?.code === "EBUSY") break;
        const isPassing = ["EAGAIN", "ENOSPC", "EIO", "ECANCELED", "ESTALE_HOME"].includes(answer?.code ?? "EAGAIN");
        if (!isPassing) throw new Error(`${syscall}: ${answer?.code} ${answer?.detail}`);
        await sleep(20);
      }
      await sleep(100);
    }
  }

  /** A command of its own, with a parent that outlives every kernel. */
  async startCommand({ restarts }: { restarts: boolean }): Promise<void> {
    const name = `command-${++this.#births}`;
    const { truth, home } = this.#place;
    const flags = ["-d", "-q", "--name", name, ...(restarts ? ["--restart", "on-failure"] : [])];
    const args = ["run", ...flags, "--", process.execPath, command, name, truth.folder];
    const { AIOS_URL: _url, AIOS_KEY: _key, AIOS_PID: _pid, ...own } = process.env;
    const cli = spawn(process.execPath, ["--conditions=aios-source", main, ...args], {
      env: { ...own, AIOS_HOME: home, AIOS_LANG: "en", NO_COLOR: "1", OLLAMA_HOST: "127.0.0.1:9" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, [code]] = await Promise.all([text(cli.stdout), text(cli.stderr), once(cli, "exit")]);
    // A kernel that was killed meanwhile has entered nothing, or what nobody starts.
    if (code !== 0) return void (err.includes("kernel") || this.faults.push(`aios run: ${err}`));
    const pid = out.trim();
    this.#add({ name, told: name, kind: "command", pid, isKilled: false, restarts });
  }

  /** Of all programs, as the kernel shows them; undefined while none answers. */
  async #views(pids: readonly string[] = [...this.#alive.keys()]): Promise<ProcessView[] | undefined> {
    if (pids.length === 0) return [];
    const answer = await ask(this.#place.kernel(), "proc.list", { args: { all: true, pids }, session: "programs" });
    return answer?.result?.["processes"] as ProcessView[] | undefined;
  }

  /** Looks who has ended, and how. */
  async look(): Promise<void> {
    // Not those that come while the kernel is asked, and none that goes back meanwhile: its end is not its end.
    const waysBack = this.#waysBack;
    const asked = [...this.#alive.values()];
    const views = await this.#views(asked.map(({ pid }) => pid));
    if (!views || waysBack % 2 === 1 || waysBack !== this.#waysBack) return;
    for (const program of asked) {
      if (this.#alive.get(program.pid) !== program) continue;
      const view = views.find(({ pid }) => pid === program.pid);
      if (!view) this.faults.push(`${program.name} (${program.pid}) is not in the table`);
      else if (view.exit) this.#check(program, view.exit);
      if (!view || view.exit) this.#alive.delete(program.pid);
    }
  }

  #check({ name, told, pid, kind, isKilled, restarts }: Program, exit: NonNullable<ProcessView["exit"]>): void {
    const say = (what: string): void => void this.faults.push(`${name} ${what}: ${JSON.stringify(exit)}`);
    if (kind === "command") {
      if (!isKilled) say("ended without having been killed");
      else if (restarts) say("was not started again");
      else if (exit.signal !== "SIGKILL") say("was killed, and ended otherwise");
      return;
    }
    this.ended++;
    if (exit.code !== 0) return say("failed");
    const { result } = exit;
    const { truth } = this.#place;
    const steps = Array.from({ length: STEPS }, (_, step) => step);
    const expected = {
      payer: () => steps.map((step) => `receipt ${name}.${step}`),
      racer: () => {
        const noted = truth.lines("noted");
        return steps.map((heat) => noted.find(([about]) => about === `${name}.${heat}`)?.[1]);
      },
      receiver: () => [0, 1, 2, 3, 4, 5, 6, 7],
      sender: () => "sent",
      keeper: () => {
        const { notes, files } = result as SeenAtEnd;
        this.#place.told.ended.set(pid, { notes, files });
        const contents = notes.map(({ content }) => content).toSorted();
        const isRight = same(contents, keptBy(told)) && same(files, filesOf(told));
        return isRight ? result : { notes: keptBy(told), files: filesOf(told) };
      },
      agent: () => result,
    }[kind]();
    if (JSON.stringify(expected) !== JSON.stringify(result))
      say(`came to something else than ${JSON.stringify(expected)}`);
    if (kind === "agent" && !String(JSON.stringify(result)).includes(`receipt`)) say("did not pay");
  }

  /** The process of a client by its name. */
  async pidOf(name: string): Promise<string | undefined> {
    const answer = await ask(this.#place.kernel(), "proc.list", { args: { names: [name] }, session: "programs" });
    return (answer?.result?.["processes"] as ProcessView[] | undefined)?.[0]?.pid;
  }

  /** Kills a process group of a program; its parent, or its kernel, has to see that. */
  async kill(kind: "module" | "command"): Promise<boolean> {
    const views = ((await this.#views()) ?? []).filter(
      (view) => view.kind === kind && !view.exit && view.hostPid !== null,
    );
    const view = views[this.#births % Math.max(1, views.length)];
    if (!view?.hostPid || !isRunning(view.hostPid)) return false;
    const program = this.#alive.get(view.pid);
    if (program && !program.restarts) program.isKilled = true;
    try {
      process.kill(-view.hostPid, "SIGKILL");
    } catch {
      return false; // it was faster
    }
    return true;
  }

  /** Waits until all but commands have ended, then ends those. */
  async end(patienceMs: number): Promise<void> {
    await this.#turning;
    const untilMs = performance.now() + patienceMs;
    const waited = (): Program[] => [...this.#alive.values()].filter(({ kind }) => kind !== "command");
    while (waited().length > 0 && performance.now() < untilMs) {
      await this.look();
      await sleep(50);
    }
    const views = await this.#views();
    for (const { name, pid } of waited()) {
      const view = views?.find((one) => one.pid === pid);
      this.faults.push(`${name} (${pid}) does not end: ${view?.state} ${view?.on ?? ""}`);
    }
    const commands = [...this.#alive.values()].filter(({ kind }) => kind === "command");
    for (const { name } of commands) writeFileSync(join(this.#place.truth.folder, `stop-${name}`), "");
    for (const { name, pid, isKilled } of commands) {
      const left = Math.max(1_000, untilMs - performance.now());
      const answer = await ask(this.#place.kernel(), "proc.wait", {
        args: { pid, timeoutMs: Math.ceil(left) },
        session: "programs",
      });
      const exit = answer?.result;
      const isRight = isKilled ? exit?.["signal"] === "SIGKILL" : exit?.["code"] === 0;
      if (!isRight) this.faults.push(`${name} (${pid}) ended otherwise: ${JSON.stringify(answer)}`);
      else this.ended++;
    }
    this.#alive.clear();
  }
}

/** What a keeper of notes has left at its end. */
const keptBy = (name: string): string[] => [
  `${name} copy`,
  `${name} home after ${STEPS - 1}`,
  ...[1, 2, 3, 4].map((step) => `${name} step ${step}`),
];

/** The same of its files. */
const filesOf = (name: string): Record<string, string> => ({
  "diary.txt": Array.from({ length: STEPS }, (_, step) => `${name} step ${step}\n`).join(""),
  "kept/one.txt": `${name} step 1`,
  "steps/3.txt": `${name} step 3`,
});

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
