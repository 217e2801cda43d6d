// Requests in plain words whose kernel dies: each step is made once, and whoever comes back is answered the same.
import type { Client } from "@aiosjs/sdk";
import type { SysEvent } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { diskTree, newFileFolder } from "../file-rig.ts";
import { mortal } from "../mortal-journal.ts";
import { closeRequestRigs, NOON, openRequestRig as open, outcomes, step } from "../request-rig.ts";
import type { Done } from "../request-rig.ts";
import type { Rig } from "../rig.ts";
import { flow } from "../writer-rig.ts";

afterEach(closeRequestRigs);

test("a kernel that dies at any commit does each step once, and its program is answered the same", async () => {
  const answer = (one: string, other: string): object[] => [
    step({ verb: "append", path: "log.txt", content: one }),
    step({ verb: "append", path: "log.txt", content: other }),
    step({ verb: "move", path: "log.txt", to: "old/log.txt" }),
    step({ verb: "list", path: "." }),
  ];
  const life = async (lastCommit: number, isAcknowledged: boolean) => {
    const [journal, folder, clock] = [createMemoryJournal(), await newFileFolder(), createVirtualClock(NOON)];
    const said: Done[] = [];
    let asked = 0;
    const home = {
      folder,
      clock,
      // Asked a second time, the model says something else.
      model: () => ({ steps: asked++ === 0 ? answer("a", "b") : answer("c", "d") }),
      program: async ({ fs }: Client) => {
        await fs.write({ path: "log.txt", content: "" });
        said.push(await fs.do({ request: "note it twice, file it away, and tell me what is left" }));
        await fs.append({ path: "end.txt", content: "end" });
        return "done";
      },
    };
    const death = Promise.withResolvers<void>();
    const dying = mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve });
    const first = await open({ ...home, journal: dying, isMortal: true });
    const manifest = { name: "filer", instructions: "-" };
    const spawned = first.rig.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "" } });
    const ended = Promise.resolve(spawned).then(({ pid }) => first.rig.admin.proc.wait({ pid }));
    ended.catch(() => undefined);
    await flow(clock, Promise.race([ended, death.promise]));
    const { rig } = lastCommit === Infinity ? first : await open({ ...home, journal });
    const { processes } = await rig.admin.proc.list({ all: true });
    const pid = processes.find(({ name }) => name === "filer")?.pid;
    if (pid === undefined) return undefined;
    const { code } = await flow(clock, rig.admin.proc.wait({ pid }));
    const { calls } = await rig.admin.proc.trace({ pid });
    const made = calls.filter(({ state }) => state === "done").map(({ name }) => name);
    // What a dead kernel had not put in its place lies there until somebody looks for such.
    const found = Object.entries(await diskTree(rig.at(pid))).filter(([name]) => !name.startsWith(".aios-tmp-"));
    return { code, files: Object.fromEntries(found), made, said, commits: dying.commits };
  };
  const calm = await life(Infinity, true);
  expect(calm).toMatchObject({ code: 0, files: { "end.txt": "end", old: null, "old/log.txt": "ab" } });
  expect(outcomes(calm!.said[0]!)).toEqual(["done", "done", "done", "done"]);
  let lives = 0;
  for (let last = 1; last < calm!.commits; last++)
    for (const isAcknowledged of [true, false]) {
      const lived = await life(last, isAcknowledged);
      if (!lived) continue;
      lives++;
      const where = `after ${last} of ${calm!.commits} commits, ${isAcknowledged}`;
      const texts = ["ab", "cd"].map((text) => ({ ...calm!.files, "old/log.txt": text }));
      expect(lived.code, where).toBe(0);
      expect(texts, where).toContainEqual(lived.files);
      expect(lived.made.toSorted(), where).toEqual(calm!.made.toSorted());
      for (const one of lived.said) expect(one.outcomes, where).toEqual(calm!.said[0]!.outcomes);
    }
  expect(lives).toBeGreaterThan(10);
}, 120_000);

test("a client that comes back under its key, after a kernel that died at any commit, finds each step done once", async () => {
  const request = 'append "a" to log.txt then append "b" to log.txt then move log.txt to old/log.txt';
  const life = async (lastCommit: number) => {
    const [journal, folder, clock] = [createMemoryJournal(), await newFileFolder(), createVirtualClock(NOON)];
    const asked = async ({ rig }: { rig: Rig }) => {
      const { pid } = rig.client("one");
      const caller = { principal: rig.root, pid, idempotencyKey: "once", onDetach: "keep" as const };
      await rig.kernel.recollect(caller);
      let last: SysEvent | undefined;
      for await (const batch of rig.kernel.syscall("fs.do", { request }, caller)) last = batch.at(-1);
      return { pid, last };
    };
    const death = Promise.withResolvers<void>();
    const dying = mortal(journal, { lastCommit, onDeath: death.resolve });
    const first = await open({ folder, clock, journal: dying, isMortal: true });
    await flow(clock, Promise.race([asked(first), death.promise]));
    const { commits } = dying;
    dying.kill();
    const second = await open({ folder, clock, journal });
    const { pid, last } = await flow(clock, asked(second));
    const files = Object.entries(await diskTree(second.rig.at(pid))).filter(([name]) => !name.startsWith(".aios-tmp-"));
    return { commits, last, files: Object.fromEntries(files) };
  };
  const { commits, ...calm } = await life(Infinity);
  expect(calm).toMatchObject({ last: { type: "syscall.completed" }, files: { old: null, "old/log.txt": "ab" } });
  expect(commits).toBeGreaterThan(4);
  for (let last = 1; last < commits; last++) {
    const lived = await life(last);
    expect(lived.files, `after ${last} of ${commits} commits`).toEqual(calm.files);
    expect(lived.last).toMatchObject({ result: { outcomes: [{ is: "done" }, { is: "done" }, { is: "done" }] } });
  }
}, 120_000);
