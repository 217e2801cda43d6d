// What writing a file leaves in the journal: its content once, in the call's request too.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asPid, asTenantId } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test } from "vitest";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import { testedEngine } from "../sqlite-engine.ts";

afterEach(removeFileFolders);

async function open() {
  const home = await mkdtemp(join(tmpdir(), "aios-journal-"));
  const journal = await openSqliteJournal({ path: join(home, "journal.db"), engine: testedEngine });
  const rig = await openFileRig({ journal });
  return {
    ...rig,
    [Symbol.asyncDispose]: async () => {
      await rig.kernel[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
    size: async () => (await journal.size()).sizeBytes,
  };
}

test("twenty versions of a text take about as much as their packed contents, and no more for their calls", async () => {
  await using rig = await open();
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index} of the lease, ${(index * 7_919) % 104_729}`);
  const before = await rig.size();
  let contentBytes = 0;
  for (let version = 0; version < 20; version++) {
    lines[version * 40] = `changed in version ${version}`;
    await rig.admin.fs.write({ path: "/shared/lease.md", content: lines.join("\n") });
    const { hash } = await rig.admin.fs.stat({ path: "/shared/lease.md" });
    contentBytes += (await rig.journal.blob(hash as string))?.bytes.byteLength ?? 0;
  }
  const plainBytes = 20 * lines.join("\n").length;
  expect(contentBytes).toBeLessThan(plainBytes / 2);
  expect((await rig.size()) - before).toBeLessThan(contentBytes + 150_000);
});

test("a call tells what it wrote, whatever that was, and whatever became of the file", async () => {
  await using rig = await open();
  const { fs, pid } = await rig.process();
  const broken = `${"half a character \ud800 ".repeat(100)}`;
  const calls = [
    { path: "a", content: "漢字 \u{1F600} ".repeat(400), encoding: "utf8" },
    { path: "b", content: "short", encoding: "utf8" },
    { path: "c", content: broken, encoding: "utf8" },
    { path: "d", content: `${"QUJD\n".repeat(400)}`, encoding: "base64" },
  ] as const;
  for (const call of calls) await fs.write(call);
  const appended = { path: "a", content: "behind ".repeat(200), encoding: "utf8" } as const;
  await fs.append(appended);
  await fs.write({ path: "a", content: "over it" });
  await fs.remove({ path: "a" });
  const tenant = asTenantId("local");
  const rows = await rig.journal.calls({ tenant, pid: asPid(pid), afterSeq: 0, limit: 99 });
  expect(rows.slice(0, 5).map(({ request }) => request)).toMatchObject([...calls, appended]);
  expect((await fs.read({ path: "c" })).content).not.toBe(broken);
});
