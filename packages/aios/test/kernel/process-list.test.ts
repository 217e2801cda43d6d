import { createClient } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { alpha, ofProcess, processRow } from "../journal-rows.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const cores = (clock: Parameters<typeof createScriptedCore>[0]["clock"]) => [createScriptedCore({ clock })];

test("the table is read page by page, each process once, whatever starts and ends meanwhile", async () => {
  const rig = await openRig({ cores });
  const pids = Array.from({ length: 25 }, (_, index) => rig.client(`s${index}`).pid);
  const seen: string[] = [];
  let after: string | undefined;
  for (let page = 0; page === 0 || after !== undefined; page++) {
    const answer = await rig.admin.proc.list({ all: true, limit: 10, ...(after === undefined ? {} : { after }) });
    seen.push(...answer.processes.map(({ pid }) => pid));
    if (page === 0) {
      expect(answer.total).toBe(25);
      await rig.admin.proc.signal({ pid: seen.at(-1)!, signal: "kill" });
      await rig.clock.run(rig.clock.nowMs() + 1);
      pids.push(rig.client("late").pid);
    }
    after = answer.next ?? undefined;
  }
  expect(seen.toSorted()).toEqual(pids.toSorted());
});

test("a page goes on where it stopped although its last process has been forgotten", async () => {
  const rig = await openRig({ cores });
  const pids: string[] = [];
  for (let index = 0; index < 6; index++) {
    pids.push(rig.client(`s${index}`).pid);
    await rig.clock.run(rig.clock.nowMs() + 1);
  }
  const first = await rig.admin.proc.list({ limit: 3 });
  await rig.admin.proc.signal({ pid: pids[2]!, signal: "kill" });
  const rest = await rig.admin.proc.list({ limit: 3, after: first.next! });
  expect([...first.processes, ...rest.processes].map(({ pid }) => pid)).toEqual(pids);
  expect(rest.next).toBeNull();
  await expect(rig.admin.proc.list({ after: "nonsense" })).rejects.toMatchObject({ code: "EINVAL" });
});

test("the order of the pages holds across a restart", async () => {
  const journal = createMemoryJournal({ nowMs: () => 1_000 });
  const rows = Array.from({ length: 40 }, (_, index) =>
    processRow(`p${String((index * 17) % 40).padStart(2, "0")}`, {
      state: "suspended",
      kind: "client",
      startedAtMs: 500 + (index % 4),
    }),
  );
  await journal.commit(rows.map(ofProcess));
  const order = async () => {
    const rig = await openRig({ cores, journal });
    const first = await rig.admin.proc.list({ limit: 15 });
    return { rig, first };
  };
  const { first } = await order();
  const { rig } = await order();
  const rest = await rig.admin.proc.list({ limit: 40, after: first.next! });
  const pids = [...first.processes, ...rest.processes].map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(40);
  expect(pids).toHaveLength(40);
});

test("only those of a state, kind, name or pid are listed and counted", async () => {
  const rig = await openRig({ cores });
  const [one, two] = [rig.client("one"), rig.client("two")];
  const { pid } = await rig.admin.proc.spawn({
    name: "worker-1",
    program: { kind: "command", command: ["true"], cwd: "/" },
  });
  await rig.admin.proc.signal({ pid: one.pid, signal: "suspend" });
  await rig.admin.proc.signal({ pid: two.pid, signal: "kill" });
  const listed = async (args: Parameters<typeof rig.admin.proc.list>[0]) => {
    const { processes, total } = await rig.admin.proc.list(args);
    expect(total).toBe(processes.length);
    return processes.map((process) => process.pid);
  };
  expect(await listed({ states: ["suspended"] })).toEqual([one.pid]);
  expect(await listed({ states: ["zombie"] })).toEqual([two.pid]);
  expect(await listed({ kinds: ["command"] })).toEqual([pid]);
  expect(await listed({ names: ["work*"] })).toEqual([pid]);
  expect(await listed({ names: ["work"] })).toEqual([]);
  expect(await listed({ names: ["w.rker-1"] })).toEqual([]);
  expect(await listed({ all: true, pids: [two.pid, pid] })).toHaveLength(2);
  expect(await listed({ match: "worker-1" })).toEqual([pid]);
  expect(await listed({ match: pid.slice(0, 4) })).toEqual([pid]);
});

test("a tenant pages through its own processes only", async () => {
  const journal = createMemoryJournal({ nowMs: () => 1_000 });
  await journal.commit([ofProcess(processRow("theirs", { tenant: alpha, kind: "client", state: "suspended" }))]);
  const rig = await openRig({ cores, journal });
  const own = rig.client("one", "beta");
  const stranger = createClient(rig.kernel.transport({ ...rig.root, tenant: "beta" as never, scopes: ["proc.*"] }));
  expect(await stranger.proc.list({ all: true })).toMatchObject({ total: 1, processes: [{ pid: own.pid }] });
  expect(asPid("theirs")).toBe((await rig.admin.proc.list({ match: "theirs" })).processes[0]?.pid);
});
