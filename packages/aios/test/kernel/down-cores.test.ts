import { SysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createDownCore } from "../../src/drivers/llm/down.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { openRig, testSettings } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import type { KernelSettings } from "../../src/kernel/ports.ts";

const problem = new SysError("EINVAL", "core paid wants env:KEY, and KEY is not set", { hint: "aios env set KEY" });
const down = createDownCore({ name: "paid", kind: "openai", endpoint: 0, models: [{ id: "m" }], problem });

/** A kernel with a core that is down, and one that is up. */
async function open(router: Partial<KernelSettings["router"]> = {}, aliases: KernelSettings["aliases"] = {}) {
  const rig = await openRig({
    settings: { router: { ...testSettings.router, ...router }, aliases },
    cores: (clock) => [down, createScriptedCore({ clock, name: "other" })],
  });
  const { client } = rig.client("one");
  const devicesFor = async (model: string): Promise<string[]> => {
    const devices: string[] = [];
    const ask = async (): Promise<void> => {
      for await (const event of client.llm.chat({ model, messages: [{ role: "user", content: "q" }] }))
        if (event.type === "syscall.started") devices.push(event.device);
    };
    await rig.clock.run(ask());
    return devices;
  };
  return { ...rig, client, devicesFor };
}

test("a call for a core that is down learns why, and is not told to try again", async () => {
  const { client, clock } = await open();
  const asked = client.llm.chat({ model: "paid/anything", messages: [{ role: "user", content: "q" }] }).outcome();
  await expect(clock.run(asked)).rejects.toMatchObject({
    code: "ENODEV",
    message: problem.message,
    hint: "aios env set KEY; then aios refresh",
    retryable: false,
  });
});

test("auto and lists go by it to what is up, without an attempt on it", async () => {
  const { devicesFor } = await open({}, { both: ["paid/m", "other/m"] });
  expect(await devicesFor("auto")).toEqual(["other/m"]);
  expect(await devicesFor("both")).toEqual(["other/m"]);
});

test("the fallback of its model takes over", async () => {
  const { devicesFor } = await open({ fallbacks: { "paid/m": ["other/m"] } });
  expect(await devicesFor("paid/m")).toEqual(["paid/m", "other/m"]);
});

test("a simulation does not stand in for a real core that is down", async () => {
  const rig = await openRig({ cores: (clock) => [down, createSimCore({ clock })] });
  const { client } = rig.client("one");
  const asked = client.llm.chat({ model: "auto", messages: [{ role: "user", content: "q" }] }).outcome();
  await expect(rig.clock.run(asked)).rejects.toMatchObject({ code: "ENODEV", message: problem.message });
});

test("status says why it is down", async () => {
  const { admin, clock } = await open();
  const { cores } = await clock.run((async () => admin.sys.status())());
  expect(cores).toMatchObject([
    { name: "paid", down: { message: problem.message, hint: "aios env set KEY; then aios refresh" } },
    { name: "other" },
  ]);
  expect(cores[1]).not.toHaveProperty("down");
});
