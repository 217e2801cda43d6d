import { expect, test } from "vitest";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

test("an upstream that tells no usage is estimated: nobody's budget is free there", async () => {
  const { client, clock, admin } = await openRig({
    cores: (virtual) => [createScriptedCore({ clock: virtual, tellsUsage: false })],
  });
  const one = client("one");
  await clock.run(one.chat("a question of some length"));
  const { usage } = await admin.proc.show({ pid: one.pid });
  expect(usage.inputTokens).toBeGreaterThan(5);
  expect(usage.outputTokens).toBeGreaterThan(5);
  expect(usage.wastedTokens).toBe(0);
});
