import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import type { Journal, Toolbox } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

test("a call that is made again by the next incarnation comes under the same idempotency key, even if its intent was lost", async () => {
  const clock = createVirtualClock(1_000);
  const journal = createMemoryJournal();
  const keys: string[] = [];
  const toolbox: Toolbox = {
    name: "ledger",
    device: "tool",
    concurrency: 1,
    tools: () => [{ name: "book", description: "", parameters: { type: "object" }, effect: "idempotent" }],
    async *execute(_name, _args, { idempotencyKey, signal }) {
      keys.push(idempotencyKey);
      await clock.wakeAt(clock.nowMs() + 100, signal);
      yield [{ type: "result", result: { content: "booked" } }];
    },
  };
  const open = (on: Journal) =>
    openRig({
      journal: on,
      clock,
      drivers: () => [toolbox],
      programs: createPrograms({ folders: [] }),
      cores: () => [
        createScriptedCore({
          clock,
          answer: ({ messages }) =>
            messages.some(({ role }) => role === "tool")
              ? { role: "assistant", content: "done" }
              : { role: "assistant", content: null, toolCalls: [{ id: "1", name: "book", arguments: "{}" }] },
        }),
      ],
    });
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(dying);
  const manifest = { name: "booker", instructions: "Book.", tools: ["book"] };
  const { pid } = await first.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "go" } });
  // The tool works, and what says so is not on disk yet.
  while (keys.length === 0) await clock.run(clock.nowMs() + 1);
  dying.kill();
  const second = await open(journal);
  const exit = await clock.run(Promise.resolve(second.admin.proc.wait({ pid })));
  expect(exit.code).toBe(0);
  expect(keys).toEqual([keys[0], keys[0]]);
  expect(keys[0]).toContain(pid);
});
