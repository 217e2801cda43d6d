// What is attacked, as the runner sees it: a process that answers, or hangs, or dies and is started again.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Answer, Ask, RawAsk } from "./files.ts";

const program = fileURLToPath(new URL("./target-child.ts", import.meta.url));

export type TargetKind = "kernel" | "handle" | "real-path" | "unprotected";

/** Counted one by one, so that a machine that stands still accuses nobody. */
const TICK_MS = 250;

/** A user of the machine; undefined: the runner's own. */
export type Uid = number | undefined;

interface Waiting {
  readonly settle: (answer: Answer) => void;
  ticks: number;
}

export class Target implements AsyncDisposable {
  readonly kind: TargetKind;
  readonly folder: string;
  readonly #uid: Uid;
  #child: Promise<ChildProcess> | undefined;
  readonly #hosts = new Map<string, string>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  readonly #ending = new Set<ChildProcess>();
  readonly #ticking: NodeJS.Timeout;
  complaint = "";

  /** A call that is not answered by then hangs. */
  readonly #hangMs: number;

  constructor(kind: TargetKind, folder: string, { uid, hangMs = 5_000 }: { uid: Uid; hangMs?: number }) {
    this.kind = kind;
    this.folder = folder;
    this.#uid = uid;
    this.#hangMs = hangMs;
    mkdirSync(folder, { recursive: true });
    if (uid !== undefined) chownSync(folder, uid, uid);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  async ask(ask: Ask | RawAsk): Promise<Answer> {
    this.#child ??= this.#start();
    const child = await this.#child;
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { settle: resolve, ticks: 0 });
    child.send({ id, ask }, (error) => {
      if (error) this.#settle(id, { is: "died", text: String(error), length: 0 });
    });
    return promise;
  }

  /** The folder of the machine where paths under this root lead, found by a file that is written there. */
  async hostOf(root: string): Promise<string> {
    const known = this.kind === "kernel" ? this.#hosts.get(root) : this.folder;
    if (known !== undefined) return known;
    const marker = `marker-${process.pid}-${this.#lastId}`;
    const answer = await this.ask({ verb: "write", path: `${root}${marker}` });
    const found = readdirSync(this.folder, { recursive: true, withFileTypes: true }).find(
      ({ name }) => name === marker,
    );
    if (!found) throw new Error(`nothing is at "${root}" (${answer.text})${this.complaint}`);
    rmSync(join(found.parentPath, marker));
    this.#hosts.set(root, found.parentPath);
    return found.parentPath;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    const child = await this.#child;
    if (child) await end(child);
  }

  async #start(): Promise<ChildProcess> {
    const who = this.#uid === undefined ? {} : { uid: this.#uid, gid: this.#uid };
    const child = fork(program, [this.kind, this.folder], {
      ...who,
      execArgv: ["--conditions=aios-source"],
      env: { HOME: this.folder, PATH: process.env["PATH"] },
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => (this.complaint = piece.slice(-2_000)));
    const ready = Promise.withResolvers<ChildProcess>();
    child.on("message", ({ id, answer }: { id: number; answer: Answer }) => {
      if (id === 0) ready.resolve(child);
      else this.#settle(id, answer);
    });
    child.once("exit", (code, signal) => {
      ready.reject(new Error(`${this.kind} does not start (${code ?? signal}): ${this.complaint}`));
      // One that hung has another in its place already.
      if (this.#ending.delete(child)) return;
      this.#child = undefined;
      this.#settleAll({ is: "died", text: String(code ?? signal), length: 0 });
    });
    return ready.promise;
  }

  #settle(id: number, answer: Answer): void {
    this.#waiting.get(id)?.settle(answer);
    this.#waiting.delete(id);
  }

  #tick(): void {
    for (const [id, waiting] of this.#waiting) {
      if (++waiting.ticks * TICK_MS < this.#hangMs) continue;
      this.#settle(id, { is: "hung", text: "", length: 0 });
      void this.#child?.then((child) => {
        this.#ending.add(child);
        child.kill("SIGKILL");
      });
      this.#child = undefined;
      // Of what waits beside it, nothing is known.
      return this.#settleAll({ is: "refused", text: "", length: 0 });
    }
  }

  #settleAll(answer: Answer): void {
    for (const id of this.#waiting.keys()) this.#settle(id, answer);
  }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = Promise.withResolvers<void>();
  child.once("exit", () => ended.resolve());
  child.kill("SIGKILL");
  await ended.promise;
}
