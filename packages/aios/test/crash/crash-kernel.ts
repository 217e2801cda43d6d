// A kernel of the crash rounds as the runner sees it: a process of this machine with two pipes.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../programs/crash-kernel.ts", import.meta.url));
/** Handed down to the programs that a kernel starts: types are stripped once, not thousands of times. */
const cached = `data:text/javascript,import{enableCompileCache}from"node:module";enableCompileCache(${JSON.stringify(join(tmpdir(), "aios-crash-cache"))})`;

export const LEASE_MS = 1_500;
/** A kernel that has not listened by then does not start. */
export const START_MS = 30_000;

/** Where a kernel is reached. */
export interface Door {
  readonly url: string;
  readonly key: string;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly complaint: string;
}

type Line = { waits?: string; url?: string; key?: string };

export class CrashKernel {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  hasEnded = false;
  /** Aborts when its clients are to turn to another one. */
  readonly left = new AbortController();
  door: Door | undefined;
  readonly #lines: AsyncIterator<string>;

  constructor({ home, truth }: { home: string; truth: string }, isStandby = false) {
    const args = [program, home, truth, String(LEASE_MS), ...(isStandby ? ["standby"] : [])];
    this.child = spawn(process.execPath, ["--conditions=aios-source", `--import=${cached}`, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const complaint = text(this.child.stderr as NodeJS.ReadableStream);
    this.ended = once(this.child, "exit").then(async ([code, signal]) => {
      this.hasEnded = true;
      this.left.abort();
      // What it started holds no pipe of it: this comes at once.
      return { code, signal, complaint: await complaint } as Ended;
    });
    this.#lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  get hostPid(): number {
    return this.child.pid as number;
  }

  /** The next line with this word; undefined when it ended without one. */
  async says(word: keyof Line): Promise<string | undefined> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) return undefined;
      const line = JSON.parse(value) as Line;
      if (line.url !== undefined) this.door = { url: line.url, key: line.key as string };
      if (line[word] !== undefined) return line[word];
    }
  }

  /** Until it listens. False: it ended before. */
  async listens(): Promise<boolean> {
    return this.door !== undefined || (await this.says("url")) !== undefined;
  }

  async kill(): Promise<Ended> {
    this.child.kill("SIGKILL");
    return await this.ended;
  }
}
