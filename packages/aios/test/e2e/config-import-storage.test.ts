import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient, createHttpTransport } from "@aiosjs/sdk";
import { StorageManager } from "@aiosjs/sdk/compat";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

/** As the original makes them. */
const schema = `
  create table agent_states (agent_id text primary key, role text not null, goal text, backstory text, state text not null,
    created_at real not null, updated_at real not null, last_task_id text, stats_json text);
  create table contexts (context_id text primary key, agent_id text not null, session_id text, context_data text not null,
    created_at real not null, expires_at real, foreign key (agent_id) references agent_states(agent_id));
  create table events (event_id text primary key, event_type text not null, agent_id text, timestamp real not null,
    data_json text not null, severity text, foreign key (agent_id) references agent_states(agent_id));
  create table task_history (task_id text primary key, agent_id text not null, task_type text not null, priority text,
    status text not null, created_at real not null, started_at real, completed_at real, duration real, result_json text,
    error_message text, foreign key (agent_id) references agent_states(agent_id));
  create index idx_events_timestamp on events(timestamp);
`;

let aios: Aios;
let storage: StorageManager;

beforeAll(async () => {
  aios = await openAios();
  const started = aios.start(["up", "--port", "0"]);
  const [, url] = await said(started, /(http:\/\/127\.0\.0\.1:\d+)/);
  const { out: key } = await aios.run(["key", "new", "-q"]);
  storage = new StorageManager(createClient(createHttpTransport({ url: url as string, key: key.trim() })));
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose]());

interface Imported {
  tables: { table: string; imported: number; present: number }[];
  unmapped: { where: string; reason: string }[];
  isWritten: boolean;
}
const counts = ({ tables }: Imported) => tables.map(({ imported, present }) => [imported, present]);

function database(name: string, fill: (db: DatabaseSync) => void): string {
  const path = join(aios.home, name);
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  fill(db);
  db.close();
  return path;
}

test(
  "the original's database is taken over row by row, once, and what has no place is named",
  { timeout: timeoutMs },
  async () => {
    const path = database("aios.db", (db) => {
      db.exec(schema);
      db.exec("alter table agent_states add column mood text; create table experience (id integer)");
      const agent = db.prepare("insert into agent_states values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      agent.run(
        "coder",
        "写代码",
        "ship",
        null,
        "busy",
        1_772_000_000.25,
        1_772_000_100.5,
        "t1",
        '{"done": 2}',
        "fine",
      );
      const context = db.prepare("insert into contexts values (?, ?, ?, ?, ?, ?)");
      context.run("c1", "coder", "s1", '{"step": 7}', 1_772_000_001, null);
      context.run("c2", "coder", null, "{'step': 8}", 1_772_000_002, null);
      const event = db.prepare("insert into events values (?, ?, ?, ?, ?, ?)");
      for (let index = 0; index < 150; index++)
        event.run(
          `e${index}`,
          "task_start",
          index % 2 ? "coder" : null,
          1_772_000_000 + index / 1_000,
          `{"index": ${index}}`,
          "info",
        );
      const task = db.prepare("insert into task_history values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      task.run("t1", "coder", "code", null, "completed", 1_772_000_000, null, 1_772_000_002, 1.5, '{"ok": true}', null);
      task.run("t2", "coder", "code", "high", "failed", "yesterday", null, null, null, null, "no");
      // More than a number holds.
      db.exec(`alter table task_history add column big; update task_history set big = ${2n ** 60n}`);
    });
    const before = await readFile(path);

    const tried = await aios.data<Imported>(["config", "import", path, "--dry-run"]);
    expect(counts(tried)).toEqual([
      [1, 0],
      [1, 0],
      [150, 0],
      [1, 0],
    ]);
    expect(tried.isWritten).toBe(false);
    expect(await storage.countEvents()).toBe(0);

    const { code, out, err } = await aios.run(["config", "import", path]);
    expect(code, err).toBe(0);
    expect(out).toMatch(/events +150 taken over, 0 there already/);
    expect(out).toMatch(/contexts c2 +context_data is no JSON/);
    expect(out).toMatch(/task_history t2 +created_at is no instant/);
    expect(out).toMatch(/task_history\.big +the column is not the original's/);
    expect(out).toMatch(/agent_states\.mood +the column is not the original's/);
    expect(out).toMatch(/experience +the table is not part of its storage/);

    expect(await storage.getAgentState("coder")).toEqual({
      agentId: "coder",
      role: "写代码",
      goal: "ship",
      backstory: null,
      state: "busy",
      createdAt: 1_772_000_000_250,
      updatedAt: 1_772_000_100_500,
      lastTaskId: "t1",
      stats: { done: 2 },
    });
    expect(await storage.getContext("c1")).toMatchObject({
      sessionId: "s1",
      contextData: { step: 7 },
      expiresAt: null,
    });
    expect(await storage.getTask("t1")).toMatchObject({ priority: "normal", duration: 1_500, result: { ok: true } });
    const [newest, next] = await storage.listEvents({ agentId: "coder", limit: 2 });
    expect([newest, next]).toMatchObject([
      { eventId: "e149", timestamp: 1_772_000_000_149, data: { index: 149 } },
      { eventId: "e147" },
    ]);

    // What was changed here since is newer than the file.
    await storage.saveAgentState("coder", { role: "写代码", state: "idle" });
    const again = await aios.data<Imported>(["config", "import", path]);
    expect(counts(again)).toEqual([
      [0, 1],
      [0, 1],
      [0, 150],
      [0, 1],
    ]);
    expect(await storage.getAgentState("coder")).toMatchObject({ state: "idle" });
    expect(await storage.countEvents()).toBe(150);
    expect(await readFile(path)).toEqual(before);
  },
);

test("a file of somebody else, or a damaged one, is named as what it is", { timeout: timeoutMs }, async () => {
  const foreign = database("bookmarks.db", (db) => db.exec("create table events (id integer)"));
  const refused = await aios.run(["config", "import", foreign]);
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(
    /bookmarks\.db is a SQLite file, but not the storage of aios \(yangfei222666-9.*agent_states/,
  );

  const own = await aios.run(["config", "import", join(aios.home, "journal.db")]);
  expect(own.code).toBe(2);
  expect(own.err).toContain("is a SQLite file, but not the storage of");

  const torn = database("torn.db", (db) => {
    db.exec(schema);
    const event = db.prepare("insert into events values (?, 't', null, 1, ?, 'info')");
    for (let index = 0; index < 500; index++) event.run(`e${index}`, JSON.stringify({ text: "x".repeat(200) }));
  });
  const whole = await readFile(torn);
  await writeFile(torn, whole.fill(7, 8_192, 40_000));
  const damaged = await aios.run(["config", "import", torn]);
  expect(damaged.code).toBe(1);
  expect(damaged.err).toContain("torn.db cannot be read");

  const text = join(aios.home, "notes.txt");
  await writeFile(text, "SQLite format: none");
  expect((await aios.run(["config", "import", text])).err).toContain("no configuration of a predecessor");
});
