import { writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { FileText, FileTools, Journal } from "../../src/kernel/ports.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";

const NOON = Date.UTC(2026, 10, 18, 12); // a Wednesday
const DAY = 86_400_000;

const opened: (() => Promise<void>)[] = [];
const closeAll = async (): Promise<void> => {
  for (const close of opened.splice(0).toReversed()) await close();
};
afterEach(async () => {
  await closeAll();
  await removeFileFolders();
});

interface Home {
  readonly journal: Journal;
  readonly folder: string;
  readonly clock: ReturnType<typeof createVirtualClock>;
}

const newHome = async (): Promise<Home> => ({
  journal: createMemoryJournal(),
  folder: await newFileFolder(),
  clock: createVirtualClock(NOON),
});

/** A kernel whose index is empty; `read`: the files that were read for it; `whenRead`: what happens at each of them. */
async function open(home: Home) {
  const read: string[] = [];
  let afterRead = async (): Promise<void> => {};
  const tools = createFileTools({ clock: home.clock, calendar: { timeZone: "UTC" } });
  const fileTools: FileTools = {
    ...tools,
    async read(path, content): Promise<FileText> {
      read.push(path);
      await afterRead();
      return tools.read(path, content);
    },
  };
  const rig = await openFileRig({ ...home, fileTools });
  opened.push(
    async () => tools[Symbol.asyncDispose](),
    async () => rig.kernel[Symbol.asyncDispose](),
  );
  const { fs } = rig.admin;
  const found = async (query: string, more: object = {}, who = fs): Promise<string[]> =>
    (await who.search({ query, ...more })).hits.map(({ path }) => path);
  const whenRead = (then: () => Promise<void>): void => void (afterRead = then);
  return { rig, fs, found, read, whenRead };
}

test("a file is found by what it says, in English and Chinese, with the part that says it", async () => {
  const { fs, found } = await open(await newHome());
  await fs.write({ path: "/shared/gpu.md", content: "# Rent\n\nWe rent eight GPUs from Nimbus for three years." });
  await fs.write({ path: "/shared/soup.md", content: "# Soup\n\nOnions, butter, and patience." });
  await fs.write({ path: "/shared/zh/合同.md", content: "# 合同\n\n我们向云雾公司租用八块显卡，为期三年。" });
  const { hits } = await fs.search({ query: "GPUs from Nimbus" });
  expect(hits[0]).toMatchObject({ path: "/shared/gpu.md", version: 1, labels: { trust: "user" } });
  expect(hits[0]?.snippet).toContain("eight GPUs");
  expect((await found("显卡 云雾"))[0]).toBe("/shared/zh/合同.md");
  expect((await found("soup"))[0]).toBe("/shared/soup.md");
});

test("what was moved is found in its new place alone, what was removed nowhere, what came back again", async () => {
  const { fs, found } = await open(await newHome());
  await fs.write({ path: "/shared/plans/trip.md", content: "We sail to Lisbon." });
  expect(await found("Lisbon")).toEqual(["/shared/plans/trip.md"]);
  await fs.move({ from: "/shared/plans", to: "/shared/old" });
  expect(await found("Lisbon")).toEqual(["/shared/old/trip.md"]);
  await fs.remove({ path: "/shared/old", isRecursive: true });
  expect(await found("Lisbon")).toEqual([]);
  await fs.restore({ path: "/shared/old" });
  expect(await found("Lisbon")).toEqual(["/shared/old/trip.md"]);
  await fs.write({ path: "/shared/old/trip.md", content: "We stay at home." });
  expect(await found("Lisbon", { by: "words" })).toEqual([]);
});

test("a request says when, of what kind, and where, in either language", async () => {
  const home = await newHome();
  const { fs, found } = await open(home);
  await fs.write({ path: "/shared/a/contract.md", content: "The contract about GPUs." });
  await home.clock.run(NOON + 10 * DAY);
  await fs.write({ path: "/shared/b/contract.html", content: "<h1>Contract</h1><p>The contract about GPUs.</p>" });
  expect((await found("the contract about GPUs")).toSorted()).toEqual([
    "/shared/a/contract.md",
    "/shared/b/contract.html",
  ]);
  const { hits, asked } = await fs.search({ query: "the contract about GPUs edited last week" });
  expect(hits.map(({ path }) => path)).toEqual(["/shared/a/contract.md"]);
  expect(asked).toMatchObject({
    text: "contract about GPUs",
    editedFromMs: Date.UTC(2026, 10, 16),
    editedToMs: Date.UTC(2026, 10, 23),
  });
  expect(await found("今天编辑的关于 GPU 的合同")).toEqual(["/shared/b/contract.html"]);
  expect(await found("contract", { kinds: ["html"] })).toEqual(["/shared/b/contract.html"]);
  expect(await found("contract", { folders: ["/shared/a"] })).toEqual(["/shared/a/contract.md"]);
  expect(await found("contract in /etc/passwd")).toContain("/shared/a/contract.md");
  expect((await fs.search({ query: "last week", isLiteral: true })).asked.text).toBe("last week");
});

test("nobody finds what they do not read", async () => {
  const { rig, fs, found } = await open(await newHome());
  const [one, other, agent] = [await rig.process(), await rig.process(), await rig.process("scout")];
  await one.fs.write({ path: "secret.md", content: "The vault's number is 4711." });
  await agent.fs.write({ path: "/agents/scout/map.md", content: "The vault is behind the mill." });
  expect(await found("vault", {}, one.fs)).toEqual([`/home/${one.pid}/secret.md`]);
  expect(await found("vault", {}, other.fs)).toEqual([]);
  expect(await found("vault", {}, agent.fs)).toEqual(["/agents/scout/map.md"]);
  expect((await found("vault")).toSorted()).toEqual(["/agents/scout/map.md", `/home/${one.pid}/secret.md`]);
  const { client } = rig.client("eve", "rivals");
  expect((await client.fs.search({ query: "vault 4711" })).hits).toEqual([]);
  await fs.write({ path: "/shared/note.md", content: "A vault for all." });
  expect(await found("vault", {}, other.fs)).toEqual(["/shared/note.md"]);
  await expect(found("vault", { folders: [`/home/${one.pid}`] }, other.fs)).rejects.toMatchObject({ code: "ENOENT" });
});

test("an edit from outside is found when somebody has looked at the file", async () => {
  const { fs, found, rig } = await open(await newHome());
  await fs.write({ path: "/shared/plan.md", content: "We go by train." });
  expect(await found("train")).toEqual(["/shared/plan.md"]);
  await writeFile(rig.at("%40tenant", "plan.md"), "We go by boat.");
  await fs.stat({ path: "/shared/plan.md" });
  expect(await found("boat")).toEqual(["/shared/plan.md"]);
});

test("who goes on writing holds up nobody who searches", async () => {
  const LIMIT = 200;
  const { fs, found, whenRead } = await open(await newHome());
  await fs.write({ path: "/shared/heron.md", content: "A heron stands in the reeds." });
  expect(await found("heron")).toEqual(["/shared/heron.md"]);
  let writes = 0;
  const writeNext = async (): Promise<void> => {
    if (writes < LIMIT) await fs.write({ path: `/shared/f${++writes}.md`, content: `Line ${writes}.` });
  };
  whenRead(writeNext); // The index never comes to an end of what it is told, up to the limit.
  await writeNext();
  expect(await found("heron", { by: "words" })).toEqual(["/shared/heron.md"]);
  expect(writes).toBeLessThan(LIMIT);
  writes = LIMIT;
});

test("a kernel that starts finds what the one before it had written, and reads what was changed alone", async () => {
  const home = await newHome();
  const first = await open(home);
  await first.fs.write({ path: "/shared/one.md", content: "Alpha." });
  await first.fs.write({ path: "/shared/two.md", content: "Beta." });
  expect(await first.found("Alpha")).toContain("/shared/one.md");
  expect(first.read.toSorted()).toEqual(["one.md", "two.md"]);
  await first.fs.write({ path: "/shared/two.md", content: "Gamma." });
  expect(await first.found("Gamma", { by: "words" })).toEqual(["/shared/two.md"]);
  expect(first.read).toHaveLength(3);
  await closeAll();
  const second = await open(home);
  expect(await second.found("Gamma", { by: "words" })).toEqual(["/shared/two.md"]);
  expect(await second.fs.verify({})).toEqual({ files: 2, lost: [], different: [], missing: [], orphaned: [] });
});
