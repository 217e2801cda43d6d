import { writeFile } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { FileText, FileTools, Journal } from "../../src/kernel/ports.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";

// Each opens the index's thread, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

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
  // Half open, as times of a request are.
  const between = (from: number, to: number) => found("contract", { editedFromMs: from, editedToMs: to });
  expect(await between(NOON, NOON + 1)).toEqual(["/shared/a/contract.md"]);
  expect(await between(NOON - 1, NOON)).toEqual([]);
  expect(await found("contract", { kinds: ["html"] })).toEqual(["/shared/b/contract.html"]);
  expect(await found("contract", { folders: ["/shared/a"] })).toEqual(["/shared/a/contract.md"]);
  expect(await found("contract in /etc/passwd")).toContain("/shared/a/contract.md");
  expect((await fs.search({ query: "last week", isLiteral: true })).asked.text).toBe("last week");
});

test("what is quoted stands in the file or in its path, wherever in it, and nothing else is found", async () => {
  const { fs, found } = await open(await newHome());
  const filler = "A line about nothing in particular. ".repeat(200);
  await fs.write({ path: "/shared/a.md", content: `# Matter QX-1234-A\n\n${filler}\n\n# Rent\n\nNet 30 days.` });
  await fs.write({ path: "/shared/b.md", content: `# Matter QX-1234-B\n\n${filler}\n\n# Rent\n\nNet 30 days.` });
  await fs.write({ path: "/shared/c/QX-1234-A.md", content: "Nothing." });
  await fs.write({ path: "/shared/d.md", content: "30 days net, matter 1234 of A and QX." });
  await fs.write({ path: "/shared/e.md", content: "本合同由云岭物流签订。" });
  await fs.write({ path: "/shared/f.md", content: "云岭科技与远山物流的信函。" });
  const all = async (query: string, more: object = {}) => (await found(query, more)).toSorted();
  for (const by of ["hybrid", "words", "vectors"]) {
    expect(await all('"qx-1234-a"', { by }), by).toEqual(["/shared/a.md", "/shared/c/QX-1234-A.md"]);
    expect(await all('"net 30" rent for “QX-1234-A”', { by }), by).toEqual(["/shared/a.md"]);
    expect(await all("「云岭物流」的合同", { by }), by).toEqual(["/shared/e.md"]);
  }
  expect(await all('"c/QX-1234"')).toEqual(["/shared/c/QX-1234-A.md"]);
  expect(await all('"zyzzyva" rent')).toEqual([]);
  expect((await all('"net 30"', { isLiteral: true })).length).toBeGreaterThan(2);
  await fs.append({ path: "/shared/d.md", content: " QX-1234-A" });
  await fs.remove({ path: "/shared/a.md" });
  expect(await all('"qx-1234-a"')).toEqual(["/shared/c/QX-1234-A.md", "/shared/d.md"]);
});

test("a name that is no quotation: the files that have it stand before all others", async () => {
  const { fs, found } = await open(await newHome());
  for (const letter of "ABCDEFGH")
    await fs.write({
      path: `/shared/${letter}.md`,
      content: `Please quote LR-2200-${letter} in every reply, and wait.`,
    });
  await fs.write({ path: "/shared/long.md", content: `${"Please wait for a reply. ".repeat(40)} LR-2200-C` });
  expect((await found("LR-2200-C")).slice(0, 2).toSorted()).toEqual(["/shared/C.md", "/shared/long.md"]);
  expect(await found("LR-2200-F", { limit: 1 })).toEqual(["/shared/F.md"]);
});

test("a memo is found whatever its form; a form that is asked for is a filter", async () => {
  const { fs, found } = await open(await newHome());
  await fs.write({ path: "/shared/lease.html", content: "<h1>Memo</h1><p>The lease of the mill ends in May.</p>" });
  await fs.write({ path: "/shared/租约.txt", content: "备忘录：磨坊的租约五月到期。" });
  await fs.write({ path: "/shared/lease.csv", content: "what,until\nlease,May\n" });
  await fs.write({ path: "/shared/lease.ts", content: "// The lease.\nexport const lease = 5;\n" });
  expect((await found("memo about the lease"))[0]).toBe("/shared/lease.html");
  expect((await found("关于租约的备忘录"))[0]).toBe("/shared/租约.txt");
  expect(await found("spreadsheets about the lease")).toEqual(["/shared/lease.csv"]);
  expect(await found("code about the lease")).toEqual(["/shared/lease.ts"]);
  expect(await found("lease *.html")).toEqual(["/shared/lease.html"]);
  expect(await found("lease", { kinds: ["table"] })).toEqual(["/shared/lease.csv"]);
});

test("folders are found where they are asked for, and stand in no file's way", async () => {
  const { fs, found } = await open(await newHome());
  await fs.write({ path: "/shared/Northgate/a.md", content: "Solar power at Northgate." });
  expect(await found("Northgate solar")).toEqual(["/shared/Northgate/a.md"]);
  expect(await found("Northgate", { kinds: ["folder"] })).toEqual(["/shared/Northgate"]);
  expect((await found("Northgate", { kinds: ["folder", "markdown"] })).toSorted()).toHaveLength(2);
  await fs.move({ from: "/shared/Northgate", to: "/shared/Southgate" });
  expect(await found("Southgate", { kinds: ["folder"], by: "words" })).toEqual(["/shared/Southgate"]);
  expect(await fs.verify({})).toMatchObject({ missing: [], orphaned: [] });
});

test("a folder is searched whole, and a file of many parts crowds nobody out", async () => {
  const { fs, found } = await open(await newHome());
  const about = (name: string) => `# ${name}\n\nThe heron of the ${name} stands in the reeds.\n\n`;
  const book = Array.from({ length: 120 }, (_, at) => about(`chapter ${at}`).repeat(8)).join("");
  await fs.write({ path: "/shared/book.md", content: book });
  for (let at = 0; at < 110; at++) await fs.write({ path: `/shared/other/${at}.md`, content: about("heron lake") });
  await fs.write({ path: "/shared/own/x.md", content: "Of birds we saw one heron, and much else that is no bird." });
  await fs.write({ path: "/shared/ownership.md", content: about("heron") });
  expect(await found("heron", { folders: ["/shared/own"], limit: 3 })).toContain("/shared/own/x.md");
  expect((await found("heron", { folders: ["/shared/own"] })).every((path) => path.startsWith("/shared/own"))).toBe(
    true,
  );
  expect(await found("heron in /shared/own", { by: "words" })).toEqual(["/shared/own/x.md"]);
  expect(await found("heron", { folders: ["/shared/book.md", "/shared/own/x.md"], by: "words" })).toHaveLength(2);
  const hundred = await found("heron", { limit: 100 });
  expect(new Set(hundred).size).toBe(100);
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
  expect(await second.fs.verify({})).toEqual({
    files: 2,
    lost: [],
    different: [],
    unplaced: [],
    missing: [],
    orphaned: [],
  });
});
