import { accessPolicySchema } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { Gate } from "../kernel/gate/gate.ts";
import { inMemory } from "./gate-path.ts";

test("both kernels are measured, and afterwards a gate is asked again", async () => {
  const methods = Object.getOwnPropertyDescriptors(Gate.prototype);
  const figures = await inMemory({
    policy: accessPolicySchema.parse({ version: 1, defaults: { effect: "declared" } }),
    said: ["look at https://api.github.com/"],
    pairs: 12,
  });
  expect(figures).toHaveLength(5);
  for (const { value, peer } of figures) expect([value, peer?.value ?? 0].every(Number.isFinite)).toBe(true);
  expect(Object.getOwnPropertyDescriptors(Gate.prototype)).toEqual(methods);
});

test("a policy that forbids what is called is asked about it", async () => {
  const policy = accessPolicySchema.parse({ version: 1, defaults: { effect: "deny" } });
  await expect(inMemory({ policy, said: ["x"], pairs: 1 })).rejects.toMatchObject({ code: "EPOLICY" });
});
