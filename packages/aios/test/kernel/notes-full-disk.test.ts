// Who searches while the index has no space: a client hears of it, a program that lives on the journal waits.
import { createClient, inLanes } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createNoteTools } from "../../src/boot-notes.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { finished, refusal } from "../writer-rig.ts";

test("while the index's disk is full a search is ENOSPC to a client, and an agent's waits for space", async () => {
  await using tools = createNoteTools();
  let [isFull, tries] = [true, 0];
  const found: string[] = [];
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    notes: {
      ...tools,
      openIndex: async () => {
        tries++;
        if (isFull) throw new SysError("ENOSPC", "the disk that holds the index is full", { hint: "free some space" });
        return tools.openIndex();
      },
    },
    programs: {
      find: () => Promise.reject(new Error("it comes with its manifest")),
      run: async ({ transport }) => {
        const { mem } = createClient(inLanes(transport));
        await mem.add({ content: "a lamp stands in the hall" });
        const { hits } = await mem.search({ query: "lamp" });
        found.push(...hits.map(({ note }) => note.content));
      },
    },
  });
  const { pid } = await rig.admin.proc.spawn({
    program: { kind: "agent", agent: { name: "keeper", instructions: "-" }, task: "" },
  });
  await rig.clock.run(rig.clock.nowMs() + 10_000);
  expect(found).toEqual([]);
  expect(tries).toBeGreaterThan(5);
  expect(await refusal(rig.admin.mem.search({ query: "lamp" }))).toMatch(/^ENOSPC .* index/);
  isFull = false;
  expect(await finished(rig, pid)).toMatchObject({ code: 0 });
  expect(found).toEqual(["a lamp stands in the hall"]);
});

test("a program that is killed while it waits for space waits no longer", async () => {
  let tries = 0;
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    notes: {
      ...createNoteTools(),
      openIndex: () => {
        tries++;
        return Promise.reject(new SysError("ENOSPC", "full"));
      },
    },
    programs: {
      find: () => Promise.reject(new Error("it comes with its manifest")),
      run: async ({ transport }) => void (await createClient(inLanes(transport)).mem.search({ query: "lamp" })),
    },
  });
  const { pid } = await rig.admin.proc.spawn({
    program: { kind: "agent", agent: { name: "keeper", instructions: "-" }, task: "" },
  });
  await rig.clock.run(rig.clock.nowMs() + 3_000);
  await rig.admin.proc.signal({ pid, signal: "kill" });
  await rig.clock.run(rig.clock.nowMs() + 1_000);
  const before = tries;
  await rig.clock.run(rig.clock.nowMs() + 10_000);
  expect(before).toBeGreaterThan(1);
  expect(tries).toBe(before);
});
