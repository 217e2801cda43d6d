// The kernel is killed with SIGKILL under load from HTTP clients, again and again on one home.
// AIOS_KILL_ROUNDS says how often; the nightly run takes more.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { asCallId } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";

const ROUNDS = Number(process.env["AIOS_KILL_ROUNDS"] ?? 100);
const program = fileURLToPath(new URL("../programs/kernel.ts", import.meta.url));

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "aios-kill-"));
});
afterAll(() => rmSync(home, { recursive: true }));

const spawnKernel = (): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, program, home], { stdio: ["ignore", "pipe", "pipe"] });

interface RunningKernel {
  readonly child: ChildProcess;
  readonly url: string;
  readonly key: string;
}

async function startKernel(): Promise<RunningKernel> {
  const child = spawnKernel();
  const complaint = text(child.stderr as NodeJS.ReadableStream);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { child, ...(JSON.parse(line) as { url: string; key: string }) };
  }
  throw new Error(`the kernel did not start: ${await complaint}`);
}

/** What a client was told: which call it was, and what it had asked for. */
interface Acknowledged {
  readonly writes: Map<string, string>;
  readonly keys: Set<string>;
  chats: number;
}

/** Clients that ask without pause until the kernel is gone, which `onAnswer` may bring about. */
async function load({ url, key }: RunningKernel, onAnswer: () => void): Promise<Acknowledged> {
  const told: Acknowledged = { writes: new Map(), keys: new Set(), chats: 0 };
  const post = async (path: string, body: unknown, session: string): Promise<Response> => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "x-session-id": session },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response;
  };
  const write = async (client: number, turn: number): Promise<void> => {
    const content = `round trip ${turn} of ${client} `.repeat(20);
    const response = await post("/v1/syscalls/fs.write", { path: `${turn % 5}.txt`, content }, `writer ${client}`);
    await response.json();
    told.writes.set(response.headers.get("x-aios-call") as string, content);
  };
  const makeKey = async (): Promise<void> => {
    const response = await post("/v1/syscalls/key.create", {}, "keys");
    told.keys.add(((await response.json()) as { result: { id: string } }).result.id);
  };
  const chat = async (client: number, turn: number): Promise<void> => {
    const messages = Array.from({ length: 1 + (turn % 20) }, (_, index) => ({
      role: "user",
      content: `message ${index}`,
    }));
    await (await post("/v1/chat/completions", { model: "auto", messages }, `chatter ${client}`)).json();
    told.chats++;
  };
  const forever = async (ask: (turn: number) => Promise<void>): Promise<void> => {
    for (let turn = 0; ; turn++) {
      try {
        await ask(turn);
      } catch (cause) {
        // undici's word for a connection that broke: the kernel is gone.
        if (cause instanceof TypeError) return;
        throw cause;
      }
      onAnswer();
    }
  };
  await Promise.all([
    ...Array.from({ length: 6 }, (_, client) => forever((turn) => write(client, turn))),
    ...Array.from({ length: 4 }, (_, client) => forever((turn) => chat(client, turn))),
    forever(makeKey),
  ]);
  return told;
}

test(
  `kill -9 under load, ${ROUNDS} times: nothing acknowledged is missing, and each next start works`,
  { timeout: 30_000 + ROUNDS * 10_000 },
  async () => {
    const random = createSeededRandom(9);
    let writes = 0;
    let chats = 0;
    const keys = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const kernel = await startKernel();
      let answersLeft = 1 + Math.floor(random.next() * 150);
      const told = await load(kernel, () => {
        if (--answersLeft === 0) kernel.child.kill("SIGKILL");
      });
      if (kernel.child.signalCode === null) await once(kernel.child, "exit");
      expect(kernel.child.signalCode).toBe("SIGKILL");
      await using journal = await openSqliteJournal({ path: join(home, "journal.db") });
      for (const [call, content] of told.writes) {
        const row = await journal.call(asCallId(call));
        expect({ round, call, state: row?.state }).toEqual({ round, call, state: "done" });
        expect(row?.request).toMatchObject({ content });
      }
      for (const id of told.keys) keys.add(id);
      const image = await journal.load();
      const held = new Set<string>(image.keys.map(({ id }) => id));
      expect([...keys].filter((id) => !held.has(id))).toEqual([]);
      writes += told.writes.size;
      chats += told.chats;
    }
    const db = new DatabaseSync(join(home, "journal.db"));
    expect(db.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
    // The load was one: files, keys and models were all in use when the kernels died.
    expect(Math.min(writes, chats, keys.size)).toBeGreaterThan(ROUNDS / 4);
  },
);

test("a second kernel on the same home refuses and names the first", async () => {
  const first = await startKernel();
  try {
    const second = spawnKernel();
    const [complaint, [code]] = await Promise.all([
      text(second.stderr as NodeJS.ReadableStream),
      once(second, "exit") as Promise<[number | null]>,
    ]);
    expect(code).toBe(1);
    expect(complaint).toContain(`another kernel (pid ${first.child.pid}, ${first.url}) runs on ${home}`);
    // The first is none the worse for it.
    const health = await fetch(`${first.url}/v1/models`, { headers: { authorization: `Bearer ${first.key}` } });
    expect(health.status).toBe(200);
  } finally {
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
  }
});
