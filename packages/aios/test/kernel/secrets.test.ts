import { asTenantId } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { createSecretWatch } from "../../src/kernel/secret-watch.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const value = "hunter2-hunter2-hunter2";
const known = [{ name: "secret://bank", value }];

/** Answers with what it is told not to tell. */
const leaky: Toolbox = {
  name: "leaky",
  device: "tool",
  concurrency: 1,
  tools: () => [{ name: "leak", description: "", parameters: { type: "object" }, effect: "pure" }],
  // oxlint-disable-next-line require-await
  async *execute(_name, args) {
    const { arguments: given } = args as { arguments: { fails?: boolean } };
    if (given.fails) throw new Error(`no: ${value}`);
    yield [{ type: "result", result: { content: `it is ${btoa(value)}` } }];
  },
};

async function open() {
  const journal = createMemoryJournal();
  const rig = await openRig({
    journal,
    cores: (clock) => [createScriptedCore({ clock })],
    drivers: () => [leaky],
    secrets: createSecretWatch({ of: (tenant) => (tenant === "local" ? known : []), all: () => known }),
  });
  const one = rig.client("one");
  const stored = async () => {
    const calls = await journal.calls({ tenant: asTenantId("local"), pid: one.pid, afterSeq: 0, limit: 100 });
    return JSON.stringify([calls, await rig.events()]);
  };
  return { rig, one, stored };
}

test("a prompt or an argument that holds a secret's value is refused whole, and no part of it is recorded", async () => {
  const { rig, one, stored } = await open();
  const chat = rig.clock.run(one.chat(`say ${value}`));
  await expect(chat).rejects.toMatchObject({ code: "EPOLICY", hint: expect.stringContaining("secret://bank") });
  const call = one.client.tool.call({ name: "leak", arguments: { note: btoa(value) } });
  await expect(rig.clock.run(call.outcome())).rejects.toMatchObject({ code: "EPOLICY" });
  expect(await stored()).not.toContain("hunter2");
});

test("an answer that holds it is told, and kept, with its name instead; a failure's sentence, too", async () => {
  const { rig, one, stored } = await open();
  const leak = (args: Record<string, unknown>) =>
    rig.clock.run(Promise.resolve(one.client.tool.call({ name: "leak", arguments: args })));
  expect((await leak({})).content).toMatch(/^it is secret:\/\/bank/);
  await expect(leak({ fails: true })).rejects.toThrow(/secret:\/\/bank/);
  expect(await stored()).not.toMatch(/hunter2|aHVudGVy/);
});

test("what another tenant keeps secret is no word of this one's, and is not told by a refusal", async () => {
  const { rig } = await open();
  const other = rig.client("other", "elsewhere");
  await expect(rig.clock.run(other.chat(`say ${value}`))).resolves.toBeDefined();
});
