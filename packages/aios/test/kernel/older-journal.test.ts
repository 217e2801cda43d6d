// fixtures/journal-v1: recorded by the first release's kernel, killed with SIGKILL while an agent's call was under way.
// Its journal, the log written back; and what that kernel had told its clients before.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { asTenantId } from "@aiosjs/sdk/protocol";
import type { CallId, Pid } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import type { CallRow } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

type Call = [call: CallId, pid: string, seq: number, name: string, state: string, outputTokens: number];

interface Told {
  readonly at: number;
  readonly pids: Record<"one" | "two" | "agent" | "walking" | "command" | "ended", Pid>;
  readonly keys: Record<"limited" | "command" | "revoked", string>;
  readonly processes: readonly { readonly pid: string }[];
  readonly keyList: readonly object[];
  readonly accounts: readonly { scope: string; resource: string; span: string; ceiling: number | null; used: number }[];
  readonly calls: readonly Call[];
  readonly events: readonly [seq: number, topic: string, pid: string | null][];
}

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const told = JSON.parse(fixture("journal-v1.json").toString()) as Told;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-older-"));
  writeFileSync(join(home, "journal.db"), gunzipSync(fixture("journal-v1.db.gz")));
});
afterEach(() => rmSync(home, { recursive: true }));

const openJournal = () => openSqliteJournal({ path: join(home, "journal.db"), nowMs: () => told.at });

test("a journal of the first release holds all its calls, their bodies, events and budgets", async () => {
  await using journal = await openJournal();
  const events = await journal.events({ afterSeq: 0, limit: 1_000 });
  expect(events.map(({ seq, topic, pid }) => [seq, topic, pid])).toEqual(told.events);
  for (const [id, pid, seq, name, state, outputTokens] of told.calls) {
    const row = await journal.call(id);
    expect(row).toMatchObject({ pid, seq, name, state, incarnation: 1, replayKey: null, usage: { outputTokens } });
  }
  // The talk of three turns: each request holds the answers before it.
  const talk = await journal.calls({ tenant: asTenantId("local"), pid: told.pids.one, afterSeq: 0, limit: 10 });
  const answers = talk.map(({ result }) => (result as { message: { content: string } }).message.content);
  const { messages } = (talk[2] as CallRow).request as { messages: { content: string }[] };
  expect(messages.map(({ content }) => content).filter((_, index) => index % 2 === 1)).toEqual(answers.slice(0, 2));
  const written = await journal.calls({ tenant: asTenantId("local"), pid: told.pids.two, afterSeq: 0, limit: 10 });
  expect(written.find(({ name }) => name === "fs.write")?.request).toMatchObject({
    path: "notes/a.txt",
    content: "kept across releases",
  });
  const { accounts, lastEventSeq, intents } = await journal.load();
  for (const { scope, resource, span, ceiling, used } of told.accounts)
    expect(accounts).toContainEqual(expect.objectContaining({ scope, resource, window: span, limit: ceiling, used }));
  expect(lastEventSeq).toBe(told.events.length);
  expect(intents.map(({ pid, name }) => [pid, name])).toEqual([[told.pids.walking, "llm.chat"]]);
});

test("a kernel goes on from it: processes, usage, keys, limits and budgets are what they were", async () => {
  await using journal = await openJournal();
  const clock = createVirtualClock(told.at);
  const { kernel, admin } = await openRig({
    journal,
    clock,
    cores: () => ["sim", "slow"].map((name) => createScriptedCore({ clock, name, models: ["sim"] })),
    host: { signal: () => true, isAlive: () => true, isWithin: () => true },
  });
  const { processes } = await admin.proc.list({ all: true });
  for (const before of told.processes) {
    const exit = { code: 1, signal: null, reason: "the kernel stopped while it ran, and kept no program" };
    // The first release did not record what an agent runs.
    const changes = before.pid === told.pids.walking ? { exit, endedAt: told.at } : {};
    expect(processes.find(({ pid }) => pid === before.pid)).toMatchObject({ ...before, ...changes });
  }
  const { keys } = await admin.key.list();
  for (const key of told.keyList) expect(keys).toContainEqual(expect.objectContaining(key));
  expect(kernel.authenticate(told.keys.command)).toMatchObject({ pid: told.pids.command });
  expect(kernel.authenticate(told.keys.limited)).toMatchObject({ pid: null, scopes: ["llm.*", "fs.read"] });
  expect(() => kernel.authenticate(told.keys.revoked)).toThrow(expect.objectContaining({ code: "EAUTH" }));
  const { accounts } = await admin.budget.show({});
  for (const { scope, resource, ceiling, used } of told.accounts)
    expect(accounts).toContainEqual(expect.objectContaining({ scope, resource, limit: ceiling, used }));
});
