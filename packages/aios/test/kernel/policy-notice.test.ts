// Which policy was in force when is on record.
import { accessPolicySchema, canonicalJson } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { systemHash } from "../../src/drivers/random/system.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const policyOf = (gate: "L2" | "L3") =>
  accessPolicySchema.parse({ version: 1, tools: { post: { effect: "write", gate } } });
const toldIn = async (rig: Rig) =>
  (await rig.events())
    .filter(({ topic }) => topic === "policy.loaded")
    .map(({ tenant, body }) => ({ tenant, ...body }));

test("a policy is told at the start and when another one is loaded, and not when it is the same", async () => {
  const [strict, lax] = [policyOf("L3"), policyOf("L2")];
  const told = (policy: typeof strict) => ({ tenant: "local", hash: systemHash.sha256(canonicalJson(policy)), policy });
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    settings: { accessPolicy: strict },
  });
  expect(await toldIn(rig)).toEqual([told(strict)]);
  await rig.refresh({}, { accessPolicy: policyOf("L3") });
  await rig.refresh({}, { accessPolicy: lax });
  await rig.refresh({}, { accessPolicy: undefined });
  await rig.refresh({}, { accessPolicy: undefined });
  expect(await toldIn(rig)).toEqual([told(strict), told(lax), { tenant: "local", hash: null, policy: null }]);
});

test("of the one that AIOS ships nothing is told at the start: the version says which", async () => {
  const rig = await openRig({ cores: (clock) => [createScriptedCore({ clock })] });
  expect(await toldIn(rig)).toEqual([]);
});
