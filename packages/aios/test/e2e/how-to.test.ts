// Pages of docs/how-to, done as they are printed: their programs, their lines, with kills of the kernel among them.
import { expect, test } from "vitest";
import { hasBubblewrap } from "../bubblewrap.ts";
import { openHowToPage } from "./how-to-page.ts";
import type { HowToPage } from "./how-to-page.ts";

/** Generous: each line starts a Node process or two, and the machine may be busy. */
const timeoutMs = 240_000;

/** Before a line that wakes it, or kills its kernel, a process sleeps on its key. */
const asleep =
  ({ aios }: HowToPage, name: string, before = /proc\.wake|^kill -9/) =>
  async (line: string): Promise<void> => {
    if (!before.test(line)) return;
    const sleeps = async () => (await aios.run(["trace", name, "--name", "proc.sleep", "--state", "running"])).out;
    await expect.poll(sleeps, { timeout: timeoutMs / 2, interval: 100 }).toContain("key: ");
  };

test.runIf(process.platform !== "win32")(
  "modules.md: the first module survives a kill -9 of its kernel, and asks no model twice",
  { timeout: timeoutMs },
  async () => {
    await using page = await openHowToPage("modules.md");
    const typed = await page.type("Five minutes", asleep(page, "report"));
    expect(typed.filter(({ line }) => line.startsWith("kill -9"))).toHaveLength(1);
    const { data: calls } = JSON.parse((await page.aios.run(["trace", "report", "--json"])).out) as {
      data: { name: string; detail: string; incarnation: number }[];
    };
    const before = ["proc.now", "llm.chat", "llm.chat", "llm.chat"];
    expect(calls.map(({ name }) => name)).toEqual([...before, "proc.sleep", "fs.write"]);
    // What was answered before the kill was not asked again.
    expect(calls.map(({ incarnation }) => incarnation)).toEqual([1, 1, 1, 1, 2, 2]);
    const begun = /begun at (\S+), and approved/.exec(typed.at(-1)?.said ?? "")?.[1];
    expect(calls[0]?.detail).toContain(String(Date.parse(begun ?? "")));
  },
);

test.runIf(process.platform !== "win32")(
  "messages.md: letters, pipes, topics across a kill -9, values, and a word that wakes",
  { timeout: 2 * timeoutMs },
  async () => {
    await using page = await openHowToPage("messages.md");
    await page.type("A home to try it in");
    const last = async (section: string, before?: (line: string) => Promise<void>) =>
      (await page.type(section, before)).at(-1)?.said;
    expect(await last("The inbox")).toMatch(/from a person: \{"order":7\}[^]*1 letters/);
    const [boss] = await page.type("Pipes");
    expect(boss?.said.match(/read \{ page: \d \}/g)).toHaveLength(6);
    expect(await last("Topics")).toContain('"value": 12');
    expect(await last("Values")).toContain('"eur": 12');
    expect(await last("Sleep and wake", asleep(page, "watcher"))).toContain("deploy 42");
  },
);

test.runIf(process.platform !== "win32")(
  "survive.md: a copy of a living home is whole, and a process moves to another one",
  { timeout: 2 * timeoutMs },
  async () => {
    await using page = await openHowToPage("survive.md", "modules.md");
    const { aios } = page;
    const copied = await page.type("Backups", asleep(page, "report", /node:sqlite/));
    expect(copied.find(({ line }) => line.includes("doctor"))?.said).toContain("every page is whole");
    expect((await aios.run(["up", "-d", "--core", "sim", "--port", "0"])).code).toBe(0);
    const moved = await page.type("To another machine");
    expect(moved.find(({ line }) => line.includes("restore"))?.said).toContain("report goes on behind its call 4");
    const there = ["--home", `${aios.home}-two`];
    await asleep({ ...page, aios: { ...aios, run: (args) => aios.run([...there, ...args]) } }, "report")("kill -9");
    await aios.run([...there, "call", "proc.wake", '{"key":"report","value":"approved"}']);
    expect((await aios.run([...there, "wait", "report"])).out).toContain("and approved");
  },
);

test.runIf(process.platform !== "win32")(
  "look-at-processes.md: lists, traces, a profile, replays, and calls that are held, answered and edited",
  { timeout: 2 * timeoutMs },
  async () => {
    await using page = await openHowToPage("look-at-processes.md");
    await page.type("Something to look at");
    for (const section of ["List", "Profile", "Replay"]) await page.type(section);
    const traced = await page.type("Trace");
    expect(traced.at(-1)?.said).toContain("made the same 4 calls");
    const debugged = await page.type("Debug");
    expect(debugged.slice(0, 3).every(({ said }) => said.includes('"expression": "'))).toBe(true);
    // The squares of the loop, and twice what the debugger wanted.
    const logs = async () => (await page.aios.run(["logs", "counter"])).out.match(/^42$/gm);
    await expect.poll(logs, { timeout: timeoutMs / 4 }).toHaveLength(2);
  },
);

test.runIf(process.platform !== "win32")(
  "files.md: versions, what was removed, a program, a group's folder, and an edit from outside",
  { timeout: 2 * timeoutMs },
  async () => {
    await using page = await openHowToPage("files.md");
    const last = async (section: string) => (await page.type(section)).at(-1)?.said;
    await page.type("A home to try it in");
    expect(await last("On the command line")).toBe("Ask Rosa about the lease.\nCall the bank.\n");
    expect(await last("Look at the history, and take it back")).toContain("--to-version 3");
    expect(await last("Bring back what was removed")).toContain("Call the bank.");
    const asked = await page.type("Ask in plain words");
    expect(asked.map(({ said }) => said).join("")).toContain("aios fs restore /shared/drafts");
    expect(asked.at(-2)?.said).toContain("plan.md\n");
    expect(await last("In a program")).toBe("the lease\n");
    const shared = await page.type("Give somebody a link");
    expect(shared[0]?.said).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s\/s\w{15}\.[\w-]{43}\n/m);
    expect(shared.at(-1)?.said).toBe("Ask Rosa about the lease.\nCall the bank.\n");
    expect(await last("Share a folder in a group")).toBe("rules.md\n");
    expect(await last("Edits from outside")).toContain("from outside");
    const mounted = await page.type("Mount a folder of the machine");
    const said = mounted.map((one) => one.said).join("");
    for (const expected of ["ends in May.\n", "ends in June.\n", "from outside", "1  read"])
      expect(said).toContain(expected);
    expect(mounted.at(-1)?.said).toContain("/mnt/papers is ended");
  },
);

test.runIf(process.platform !== "win32")("README.md: kill it, and it goes on", { timeout: timeoutMs }, async () => {
  await using page = await openHowToPage("../../README.md");
  const typed = await page.type("Kill it", asleep(page, "report"));
  expect(typed.at(-1)?.said).toContain("3 pages, approved");
});

test.runIf(process.platform !== "win32")(
  "secrets.md: what a command prints is in its log by the secret's name",
  { timeout: timeoutMs },
  async () => {
    await using page = await openHowToPage("secrets.md");
    const typed = await page.type("Five minutes");
    const said = typed.map((each) => each.said.trim());
    expect(said.slice(-3, -1)).toEqual([expect.stringMatching(/^value-of-the-bank$/m), "secret://bank"]);
    expect(said.at(-1)).toMatch(/^bank +local +https:\/\/api\.bank\.example:443 /m);
  },
);

test.runIf(hasBubblewrap)(
  "sandbox.md: commands run away from the machine, are ended by the clock, and find their folder again",
  { timeout: timeoutMs },
  async () => {
    await using page = await openHowToPage("sandbox.md");
    const typed = await page.type("Five minutes");
    const said = (part: string) => typed.filter(({ line }) => line.includes(part)).map((one) => one.said);
    expect(said("shadow")).toEqual([expect.stringMatching(/uid=1000\(agent\).*\nagent\n.*No such file/)]);
    expect(said("sleep 100")).toEqual([expect.stringContaining("exit code 137")]);
    expect(said("cat note")).toEqual([expect.stringContaining("kept")]);
  },
);
