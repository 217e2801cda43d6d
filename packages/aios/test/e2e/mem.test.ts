import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Note } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../../src/cli/is-alive.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts many Node processes, and the machine may be busy. */
const timeoutMs = 180_000;

let aios: Aios;
const up = async (): Promise<void> => {
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
};
beforeAll(async () => {
  aios = await openAios();
  await up();
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

const mem = (...args: string[]) => aios.run(["mem", ...args]);
const add = async (...args: string[]): Promise<string> => {
  const { out, err } = await mem("add", ...args);
  expect(out, err).toMatch(/^n[0-9a-z]{14}\n$/);
  return out.trim();
};
const notesIn = async (namespace: string): Promise<Note[]> =>
  (await mem("export", "--namespace", namespace)).out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Note);
const idsOf = ({ out }: { out: string }): string[] => out.match(/\bn[0-9a-z]{14}\b/g) ?? [];

describe("notes on the command line", { timeout: timeoutMs }, () => {
  let tea: string;
  let habit: string;
  let rule: string;
  beforeAll(async () => {
    tea = await add("Anna drinks green tea", "in the morning", "--tag", "taste", "--keyword", "tea");
    habit = await add("安娜每天早上喝绿茶，从不喝咖啡", "--tag", "taste", "--pin");
    const { out } = await aios.run(["mem", "add", "-", "--uri", "file:rules.md", "--tier", "working"], {
      input: "No deployment\non Fridays \u001B[31m\n",
    });
    rule = out.trim();
  }, timeoutMs);

  test("what they take is shown, of what they may", async () => {
    const { out } = await mem("usage");
    expect(out).toMatch(/ 0 % {2,}\d+ \/ 65536 {2,}0\.0 \/ 64 {2,}1 {2,}0 {2}tenant\n/);
    expect(out).toMatch(/ \/ 262144 .* \/ 256 .*all of the tenant\n.* \/ 524288 .* \/ 512 .*all tenants\n$/);
    expect((await mem("usage", "--lang", "zh")).out).toMatch(/^占用 .*租户合计\n.*所有租户\n$/s);
    expect(await mem("usage", "--namespace", "nobody")).toMatchObject({ code: 2 });
  });

  test("they are found in English and Chinese, with why, and by what they are", async () => {
    const english = await mem("search", "what does", "Anna drink");
    expect(english.out).toMatch(new RegExp(`^\\d\\.\\d\\d  ${tea}  \\S+ old  words \\+ meaning\\n {6}Anna drinks`));
    expect(idsOf(await mem("search", "咖啡", "--by", "words"))).toEqual([habit]);
    expect((await mem("search", "咖啡", "--lang", "zh")).out).toContain("前  词语");
    expect(idsOf(await mem("search", "tea or deployment", "--tier", "working"))).toEqual([rule]);
    expect(await mem("search", "tea", "--until", "2026-01-01")).toMatchObject({ code: 0, out: "" });
    expect(await mem("search", "tea", "--since", "yesterday")).toMatchObject({ code: 2 });
    expect(await mem("add", "-")).toMatchObject({ code: 2 });
  });

  test("what is linked is found through it, drawn around it, and told with it until it is unlinked", async () => {
    expect(await mem("link", tea, habit, "--strength", "0.9", "--why", "the same person")).toMatchObject({ code: 0 });
    expect(await mem("link", habit, rule)).toMatchObject({ code: 0 });
    expect((await mem("search", "咖啡", "--by", "words")).out).toMatch(new RegExp(`${tea} .*link from ${habit}`));
    expect((await mem("graph", tea)).out.split("\n").slice(0, 3)).toEqual([
      `${tea} Anna drinks green tea in the morning`,
      `└─ 0.90 ${habit} 安娜每天早上喝绿茶，从不喝咖啡 (the same person)`,
      expect.stringContaining(`   └─ 0.50 ${rule}`),
    ]);
    expect(idsOf(await mem("graph", tea, "--depth", "1"))).toEqual([tea, habit]);
    expect((await mem("graph", tea, "--format", "dot")).out).toContain(
      `"${tea}" -- "${habit}" [label="the same person"`,
    );
    const graph = await aios.data<{ links: unknown[] }>(["mem", "graph", rule]);
    expect(graph.links).toHaveLength(2);
    const shown = await mem("show", habit);
    expect(shown.out).toMatch(/version 3 · long-term · pinned/);
    expect(shown.out).toContain(`0.90 ${tea} Anna drinks green tea in the morning (the same person)`);
    // What would colour or move the terminal is not let through.
    expect((await mem("show", rule)).out).toMatch(/^No deployment\non Fridays +\[31m$/m);

    expect((await mem("unlink", habit, rule)).err).toContain("no longer linked");
    expect((await mem("unlink", habit, rule)).err).toContain("were not linked");
    expect(idsOf(await mem("graph", tea))).toEqual([tea, habit]);
  });

  test("a change is in the history, with what it was before and who changed it", async () => {
    await aios.run([
      "call",
      "mem.update",
      JSON.stringify({ id: tea, content: "Anna drinks black tea", tags: ["new"] }),
    ]);
    const [newest = "", , linked = ""] = (await mem("history", tea)).out.split(/^(?=version)/m);
    expect(newest).toMatch(/^version 3 .*process \S+, call c\S+$/m);
    expect(newest).toMatch(/content +Anna drinks green tea in the morning → Anna drinks black tea$/m);
    expect(newest).toMatch(/tags +\+ new, − taste$/m);
    expect(linked).toMatch(/^version 1 /);
    const page = await mem("history", tea, "--limit", "1");
    expect(page.out).not.toContain("version 2");
    expect(page.err).toContain("older versions: --limit 2");
    expect(await mem("history", "nobody")).toMatchObject({ code: 3 });
  });

  test("all of it is there when the kernel was killed", async () => {
    const { pid } = JSON.parse(await readFile(join(aios.home, "kernel.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    while (isAlive(pid)) await sleep(20);
    await up();
    expect(idsOf(await mem("search", "black tea"))[0]).toBe(tea);
    expect(await mem("verify")).toMatchObject({ code: 0, out: expect.stringContaining("notes: 3; all are") });
  });

  test("notes move to another namespace with their links, and by file or stdin", async () => {
    const file = join(aios.home, "notes.jsonl");
    expect(await mem("export", file)).toMatchObject({ code: 0, out: `${file}\n` });
    expect(await mem("export", file)).toMatchObject({ code: 6 });
    const copied = await mem("import", file, "--namespace", "agent:copy");
    expect(copied.err).toContain("notes kept: 3, links: 1");
    const copies = await notesIn("agent:copy");
    const [from, to] = ["Anna", "安娜"].map((start) => copies.find(({ content }) => content.startsWith(start)));
    expect(from?.links).toEqual([{ to: to?.id, strength: 0.9, why: "the same person" }]);
    expect(to?.isPinned).toBe(true);

    const alone = JSON.stringify(from);
    const left = await aios.run(["mem", "import", "-", "--namespace", "agent:part"], { input: `${alone}\n` });
    expect(left.err).toMatch(/notes kept: 1, links: 0\n.*not in stdin: 1/);
    for (const [input, complaint] of [
      [`${alone}\n{"id":1}\n`, "line 2 of stdin is no note"],
      [`${alone}\n${alone}\n`, "it has the id of line 1"],
      ["words\n", "it is not JSON"],
    ] as const) {
      const refused = await aios.run(["mem", "import", "-", "--namespace", "agent:none"], { input });
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(complaint) });
    }
    expect(await notesIn("agent:none")).toEqual([]);
    expect(await mem("import", join(aios.home, "nowhere"))).toMatchObject({ code: 3 });
  });

  test("of more linked notes than go in at once, every link is kept", async () => {
    const [sample] = await notesIn("agent:part");
    const count = 501;
    const chain = Array.from({ length: count }, (_, index) => ({
      ...sample,
      id: `n${index}`,
      content: `station ${index}`,
      links: index === 0 ? [] : [{ to: `n${index - 1}`, strength: 0.4, why: "" }],
    }));
    const file = join(aios.home, "chain.jsonl");
    await writeFile(file, chain.map((note) => JSON.stringify(note)).join("\n"));
    const { err } = await mem("import", file, "--namespace", "agent:chain");
    expect(err).toMatch(/notes kept: 501, links: 500\n.*apart.*: 1$/m);
    const kept = await notesIn("agent:chain");
    expect(new Set(kept.flatMap(({ id, links }) => links.map(({ to }) => [id, to].toSorted().join(" ")))).size).toBe(
      500,
    );
  });

  test("nothing is erased without a yes, and what is removed keeps its history", async () => {
    expect(await mem("forget")).toMatchObject({ code: 2 });
    const refused = await mem("forget", "--namespace", "agent:chain");
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(await notesIn("agent:chain")).toHaveLength(501);
    expect((await mem("forget", "--namespace", "agent:chain", "--yes")).err).toContain("notes erased: 501");
    expect(await notesIn("agent:chain")).toEqual([]);

    expect(await mem("forget", tea, "nobody", "--yes")).toMatchObject({ code: 3 });
    expect(await mem("show", tea)).toMatchObject({ code: 0 });
    expect(await mem("forget", tea, "--yes")).toMatchObject({ code: 0 });
    expect(await mem("history", tea)).toMatchObject({ code: 3 });

    expect(await mem("rm", rule)).toMatchObject({ code: 0 });
    expect(await mem("rm", rule)).toMatchObject({ code: 3 });
    expect(await mem("show", rule)).toMatchObject({ code: 3 });
    expect((await mem("history", rule)).out).toMatch(/^version \d+ .* removed$/m);
    expect(await mem("verify", "--repair")).toMatchObject({ code: 0 });
  });

  test("short-lived ones that say much the same become long-term, once, and a chat recalls what lasts", async () => {
    const one = await add("The rack is in Utrecht now", "--tier", "episodic");
    const other = await add("The rack is in Utrecht now, they say", "--tier", "episodic");
    expect((await mem("consolidate")).err).toContain("nothing to consolidate");
    const { out } = await mem("consolidate", "--age", "0");
    expect(out).toContain("is long-term now");
    expect(idsOf({ out })).toEqual(expect.arrayContaining([one, other]));
    expect((await mem("consolidate", "--age", "0", "--lang", "zh")).err).toContain("没有可整理的笔记");
    const chat = { messages: [{ role: "user", content: "where is the rack" }], recall: true };
    const called = await aios.run(["call", "llm.chat", JSON.stringify(chat)]);
    const recalled = JSON.parse(called.out) as { memory: { recalled: { id: string }[] } };
    expect(recalled.memory.recalled.map(({ id }) => id)).toContain(idsOf({ out })[0]);
  });
});
