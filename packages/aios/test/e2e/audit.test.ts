// The audit log at the command line: with a kernel, without one, and by somebody who has nothing of ours.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ResultOf } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

type Verdict = ResultOf<"audit.verify">;

/** Generous: each line starts a Node process, and the machine may be busy. */
const timeoutMs = 120_000;
const config = configSchema.parse({ server: { port: 0 }, scheduler: { graceMs: 100 } });
const hasPython = spawnSync("python3", ["-c", "import sqlite3, hashlib"]).status === 0;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

const journal = ({ home }: Aios): string => join(home, "journal.db");
const change = (of: Aios, text: string): void => {
  const db = new DatabaseSync(journal(of));
  db.exec(text);
  db.close();
};

/** The script of docs/reference/audit.md. */
function byPython(of: Aios, ...args: readonly string[]): { status: number | null; said: string } {
  const page = readFileSync(new URL("../../../../docs/reference/audit.md", import.meta.url), "utf8");
  const file = join(of.home, "audit.py");
  writeFileSync(file, /```python\n([^]*?)```/.exec(page)?.[1] ?? "");
  const { status, stdout, stderr } = spawnSync("python3", [file, journal(of), ...args], { encoding: "utf8" });
  return { status, said: stdout + stderr };
}

test("a running kernel and the home of a stopped one tell of the same log", { timeout: timeoutMs }, async () => {
  expect(await aios.run(["audit", "verify"])).toMatchObject({ code: 3, err: expect.stringContaining("no journal") });
  let running: Verdict;
  {
    await using system = await boot({ home: aios.home, config });
    for (let count = 0; count < 3; count++) await system.client.key.create({ tenant: "alpha" });
    running = await aios.data<Verdict>(["audit", "verify"]);
    expect(running).toMatchObject({ first: 1, fault: null, replacedKeys: [] });
  }
  const { last, signed, fault, home } = await aios.data<Verdict>(["audit", "verify"]);
  expect({ fault, home }).toEqual({ fault: null, home: running.home });
  expect(last).toBeGreaterThan(running.last);
  // A kernel that was stopped has signed all.
  expect(signed?.number).toBe(last);
  const expected = `${running.last}:${running.hash}`;
  const checked = await aios.run(["audit", "verify", "--expect", expected, "--public-key", signed?.key ?? ""]);
  expect(checked).toMatchObject({
    code: 0,
    out: expect.stringContaining(`entries 1 to ${last} are what was written`),
  });
  const pinned = join(aios.home, "audit.pub");
  writeFileSync(pinned, "ab".repeat(32));
  const stranger = await aios.run(["audit", "verify", "--public-key", pinned]);
  expect(stranger).toMatchObject({ code: 1, out: expect.stringContaining("signed by another key") });
  for (const wrong of [
    ["--expect", "7"],
    ["--public-key", "none"],
  ])
    expect((await aios.run(["audit", "verify", ...wrong])).code).toBe(2);
});

test("what somebody changes in the file is named, and the exit code is 1", { timeout: timeoutMs }, async () => {
  const { last } = await aios.data<Verdict>(["audit", "verify"]);
  const db = new DatabaseSync(journal(aios), { readOnly: true });
  const made = db.prepare("select number, seq, body from event where topic = 'key.created' order by number").get();
  db.close();
  const row = made as { number: number; seq: number; body: string };
  change(aios, `update event set body = replace(body, 'llm', 'lIm') where number = ${row.number}`);
  const named = await aios.run(["audit", "verify"]);
  expect(named).toMatchObject({
    code: 1,
    out: `broken at entry ${row.number} (event ${row.seq}, key.created): the event is not what was written\n`,
  });
  const inChinese = await aios.run(["audit", "verify", "--lang", "zh"]);
  expect(inChinese.out).toBe(`第 ${row.number} 条（事件 ${row.seq}，key.created）有误：事件与写入时不同\n`);
  change(aios, `update event set body = '${row.body}' where number = ${row.number}`);
  expect((await aios.run(["audit", "verify"])).code).toBe(0);
  change(aios, `delete from event where number = ${last}`);
  const cut = await aios.run(["audit", "verify", "--json"]);
  expect(JSON.parse(cut.out)).toMatchObject({ data: { fault: { what: "cut-off", number: last } } });
});

test("only the home's own key looks at it, and no process does", { timeout: timeoutMs }, async () => {
  await using other = await openAios();
  await using system = await boot({ home: other.home, config });
  const { key } = await system.client.key.create({ tenant: "alpha", scopes: ["*"] });
  const refused = await other.run(["audit", "verify"], { env: { AIOS_URL: system.url, AIOS_KEY: key } });
  expect(refused).toMatchObject({ code: 5, err: expect.stringContaining("only the home's own key") });
});

test(
  "somebody who has nothing of ours names the same entries, with the script of the reference",
  { timeout: timeoutMs },
  async ({ skip }) => {
    skip(!hasPython && process.env["CI"] !== "true", "needs python3 (apt-get install python3)");
    await using other = await openAios();
    {
      await using system = await boot({ home: other.home, config });
      await system.client.key.create({ tenant: "alpha" });
    }
    const { last, hash } = await other.data<Verdict>(["audit", "verify"]);
    expect(byPython(other)).toEqual({ status: 0, said: `entries up to ${last} are what was written, ${hash}\n` });
    change(other, "update event set at = at + 0.5 where number = 3");
    expect(byPython(other)).toEqual({ status: 1, said: "broken at entry 3\n" });
    change(other, "update event set at = at - 0.5 where number = 3");
    expect(byPython(other).status).toBe(0);
    change(other, `delete from event where number = ${last}`);
    expect(byPython(other)).toEqual({ status: 1, said: `broken behind entry ${last - 1}\n` });
  },
);
