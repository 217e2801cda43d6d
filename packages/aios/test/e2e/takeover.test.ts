// Two kernels on one home; the one that has it is stopped past its lease (SIGSTOP), and goes on when it is too late.
// AIOS_TAKEOVER_ROUNDS says how often; the nightly run takes more.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { asCallId } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { openAios, said } from "./aios.ts";

const ROUNDS = Number(process.env["AIOS_TAKEOVER_ROUNDS"] ?? 3);
const LEASE_MS = 1_500;
const program = fileURLToPath(new URL("../programs/rival-kernel.ts", import.meta.url));

let home: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-takeover-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(home, { recursive: true });
});

type Line = { waits?: string; url?: string; key?: string };

class Rival {
  readonly child: ChildProcess;
  readonly complaint: Promise<string>;
  readonly ended: Promise<number | null>;
  readonly #lines: AsyncIterator<string>;

  constructor(args: readonly string[], from = program) {
    this.child = spawn(process.execPath, [...process.execArgv, from, home, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.push(this.child);
    this.complaint = text(this.child.stderr as NodeJS.ReadableStream);
    this.ended = once(this.child, "exit").then(([code]) => code as number | null);
    this.#lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  async line(): Promise<Line> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`it ended: ${await this.complaint}`);
    return JSON.parse(value as string) as Line;
  }

  /** The next line with this word. */
  async says<Key extends keyof Line>(key: Key): Promise<Line & Record<Key, string>> {
    for (;;) {
      const line = await this.line();
      if (line[key] !== undefined) return line as Line & Record<Key, string>;
    }
  }
}

const rival = (...more: readonly string[]): Rival => new Rival([String(LEASE_MS), ...more]);

const kernelFile = (): { pid: number; url: string } =>
  JSON.parse(readFileSync(join(home, "kernel.json"), "utf8")) as { pid: number; url: string };

/** What a client of one kernel was told: the calls that were acknowledged, and how the others were refused. */
interface Told {
  readonly writes: Map<string, string>;
  readonly refused: { status: number; code: string }[];
}

async function write({ url, key }: { url: string; key: string }, content: string, told: Told): Promise<void> {
  const response = await fetch(`${url}/v1/syscalls/fs.write`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "x-session-id": "writer" },
    body: JSON.stringify({ path: `${content.length % 5}.txt`, content }),
  });
  const body = (await response.json()) as { code?: string };
  if (response.status === 200) told.writes.set(response.headers.get("x-aios-call") as string, content);
  else told.refused.push({ status: response.status, code: body.code ?? "" });
}

/** Writes without pause until the kernel is gone. */
async function writeForever(at: { url: string; key: string }, told: Told, onAnswer: () => void): Promise<void> {
  const one = async (client: number): Promise<void> => {
    for (let turn = 0; ; turn++) {
      try {
        await write(at, `turn ${turn} of ${client} `.repeat(1 + (turn % 30)), told);
      } catch (cause) {
        if (cause instanceof TypeError) return; // undici's word for a connection that broke
        throw cause;
      }
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, client) => one(client)));
}

test.runIf(process.platform !== "win32")(
  `a kernel that is stopped past its lease, ${ROUNDS} times: the standby takes over with all that was acknowledged, and the late writes are refused`,
  { timeout: 30_000 + ROUNDS * 30_000 },
  async () => {
    const random = createSeededRandom(11);
    const acknowledged = new Map<string, string>();
    let first = rival();
    let at = await first.says("url");
    for (let round = 0; round < ROUNDS; round++) {
      const second = rival("standby");
      expect((await second.says("waits")).waits).toContain(`pid ${first.child.pid}`);
      const told: Told = { writes: new Map(), refused: [] };
      let answersLeft = 20 + Math.floor(random.next() * 200);
      const stopped = Promise.withResolvers<void>();
      const load = writeForever(at as { url: string; key: string }, told, () => {
        if (--answersLeft !== 0) return;
        first.child.kill("SIGSTOP");
        stopped.resolve();
      });
      await stopped.promise;
      let next = await second.line();
      for (; next.url === undefined; next = await second.line()) {
        // Stopped in the middle of a write, it keeps the home: it goes on, to be stopped elsewhere.
        if (!next.waits?.includes("keeps the journal locked")) continue;
        first.child.kill("SIGCONT");
        await sleep(random.next() * 100);
        first.child.kill("SIGSTOP");
      }
      expect(kernelFile()).toMatchObject({ pid: second.child.pid, url: next.url });
      const toldByNext: Told = { writes: new Map(), refused: [] };
      for (let turn = 0; turn < 20; turn++)
        await write(next as { url: string; key: string }, `late ${turn}`, toldByNext);
      expect([toldByNext.writes.size, toldByNext.refused]).toEqual([20, []]);

      first.child.kill("SIGCONT");
      await load;
      expect([await first.ended, await first.complaint]).toEqual([
        6,
        expect.stringMatching(
          new RegExp(`another kernel \\(pid ${second.child.pid}\\) has taken over .+; ask that one`),
        ),
      ]);
      expect(told.refused.filter(({ code }) => !["ESTALE", "EAGAIN"].includes(code))).toEqual([]);
      for (const [call, content] of told.writes) acknowledged.set(call, content);
      for (const [call, content] of toldByNext.writes) acknowledged.set(call, content);
      // The one that went leaves the file of the one that came, which moves to the port that clients know.
      for (let patience = 100; kernelFile().url !== at.url && patience > 0; patience--) await sleep(100);
      expect(kernelFile()).toEqual(expect.objectContaining({ pid: second.child.pid, url: at.url }));
      const third = rival();
      expect([await third.ended, await third.complaint]).toEqual([
        1,
        expect.stringContaining(`another kernel (pid ${second.child.pid}, ${at.url}) runs on ${home}`),
      ]);
      first = second;
      at = { ...next, url: at.url as string };
    }
    first.child.kill("SIGKILL");
    await first.ended;
    await using journal = await openSqliteJournal({ path: join(home, "journal.db") });
    for (const [call, content] of acknowledged) {
      const row = await journal.call(asCallId(call));
      expect({ call, state: row?.state, request: row?.request }).toMatchObject({ state: "done", request: { content } });
    }
    // Both count events on from the same number: a late commit would take the place of one of the next kernel's.
    const events = await journal.events({ afterSeq: 0, limit: 1_000_000, topics: ["syscall.completed"] });
    const completed = new Set<string>(events.map(({ body }) => (body as { call: string }).call));
    expect([...acknowledged.keys()].filter((call) => !completed.has(call))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(20 * ROUNDS);
  },
);

test(
  "a standby answers soon after the kernel before it was killed, on the same port",
  { timeout: 60_000 },
  async () => {
    const first = rival();
    const at = await first.says("url");
    const second = rival("standby");
    await second.says("waits");
    first.child.kill("SIGKILL");
    expect(await second.says("url")).toEqual(at);
  },
);

test.runIf(process.platform !== "win32")(
  "a kernel that took over and was killed at once leaves a home that the next one takes after its lease",
  { timeout: 60_000 },
  async () => {
    const first = rival();
    await first.says("url");
    const second = rival("standby");
    await second.says("waits");
    first.child.kill("SIGSTOP");
    for (let line = await second.line(); line.url === undefined; line = await second.line()) {
      if (!line.waits?.includes("keeps the journal locked")) continue;
      first.child.kill("SIGCONT");
      await sleep(50);
      first.child.kill("SIGSTOP");
    }
    // It holds the journal, and not yet the lock, which is the stopped one's.
    second.child.kill("SIGKILL");
    await second.ended;
    first.child.kill("SIGKILL");
    await first.ended;
    const third = rival();
    expect((await third.says("url")).url).toMatch(/^http/);
    expect(kernelFile().pid).toBe(third.child.pid);
  },
);

/** Holds the home, and a write transaction of the journal. */
const writing = fileURLToPath(new URL("../programs/stuck-writer.ts", import.meta.url));

test.runIf(process.platform !== "win32")(
  "a kernel that is stopped while it writes keeps the home: the standby waits, and says who it is",
  { timeout: 60_000 },
  async () => {
    const first = new Rival([String(LEASE_MS)], writing);
    await first.says("url");
    first.child.kill("SIGSTOP");
    const second = rival("standby");
    await second.says("waits");
    expect((await second.says("waits")).waits).toBe(
      `the kernel with pid ${first.child.pid} does not answer, and keeps the journal locked`,
    );
    first.child.kill("SIGKILL");
    const at = await second.says("url");
    const told: Told = { writes: new Map(), refused: [] };
    await write(at as { url: string; key: string }, "works", told);
    expect(told.writes.size).toBe(1);
  },
);

test.runIf(process.platform !== "win32")(
  "aios up --standby says whom it waits for, takes over, and the one that went exits with 6 and one sentence",
  { timeout: 90_000 },
  async () => {
    await using aios = await openAios();
    const first = aios.start(["up", "--port", "0", "--core", "sim"]);
    const complaint = text(first.child.stderr as NodeJS.ReadableStream);
    const [, url] = await said(first, /ready at (\S+)/);
    const second = aios.start(["up", "--standby", "--port", "0", "--core", "sim", "--lang", "zh"]);
    started.push(first.child, second.child);
    const words = text(second.child.stderr as NodeJS.ReadableStream);
    // Stopped when it is idle, for most of its time; a renewal might be under way.
    await sleep(2_000);
    first.child.kill("SIGSTOP");
    await said(second, /http:/);
    first.child.kill("SIGCONT");
    expect(await first.ended).toBe(6);
    expect(await complaint).toMatch(
      /\naios: fenced: somebody newer owns it \(ESTALE\): another kernel \(pid \d+\) has taken over [^\n]+\n {2}→ ask that one[^\n]+\n$/,
    );
    expect((await aios.run(["ps"])).code).toBe(0);
    expect((await aios.run(["down"])).code).toBe(0);
    expect(await second.ended).toBe(0);
    expect(await words).toContain(`待命中：another kernel (pid ${first.child.pid}, ${url}) runs on ${aios.home}`);
    for (const other of ["-d", "--demo"])
      expect(await aios.run(["up", "--standby", other])).toMatchObject({ code: 2, out: "" });
  },
);

test(
  "a standby that is told to end while it waits ends with 0, and leaves the other one be",
  { timeout: 60_000 },
  async () => {
    await using aios = await openAios();
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    const second = aios.start(["up", "--standby", "--core", "sim"]);
    await once(second.child.stderr as NodeJS.ReadableStream, "data");
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect((await aios.run(["ps"])).code).toBe(0);
  },
);
