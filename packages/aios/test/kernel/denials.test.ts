// What is forbidden is on record as such, with whose key it was.
import { createClient } from "@aiosjs/sdk";
import { accessPolicySchema, asKeyId, asTenantId, isSysError, SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const toolbox: Toolbox = {
  name: "post",
  device: "tool",
  concurrency: 1,
  tools: () => [{ name: "post", description: "", parameters: { type: "object" }, effect: "unsafe" }],
  // oxlint-disable-next-line require-yield
  async *execute() {
    await Promise.reject(new Error("never asked"));
  },
};

const denialsIn = async (rig: Rig) =>
  (await rig.events())
    .filter(({ topic }) => topic === "access.denied")
    .map(({ tenant, pid, body }) => ({ tenant, pid, body }));
const codeOf = (call: PromiseLike<unknown>): PromiseLike<string> =>
  call.then(
    () => "allowed",
    (cause: unknown) => (isSysError(cause) ? cause.code : String(cause)),
  );

test("calls that a scope, a capability or the kernel itself forbids are told with the key that made them", async () => {
  const rig = await openRig({ cores: (clock) => [createScriptedCore({ clock })] });
  const { client, pid } = rig.client("worker", "alpha");
  // No scope for it, though the kernel only tells what it is.
  expect(await codeOf(client.cron.list())).toBe("EACCES");
  const own = { tenant: asTenantId("alpha"), key: asKeyId("k-full"), pid: null, scopes: ["*"] };
  // A view that its device refuses, and a change.
  expect(await codeOf(createClient(rig.kernel.transport(own)).audit.verify())).toBe("EACCES");
  expect(await codeOf(createClient(rig.kernel.transport(own)).key.create({ tenant: "beta" }))).toBe("EACCES");
  expect(await codeOf(createClient(rig.kernel.transport({ ...own, pid })).key.list())).toBe("EACCES");
  const call = expect.stringMatching(/^c/) as string;
  const detail = expect.any(String) as string;
  expect(await denialsIn(rig)).toEqual(
    [
      ["cron.list", "k-alpha", pid],
      ["audit.verify", "k-full"],
      ["key.create", "k-full"],
      ["key.list", "k-full", pid],
    ].map(([name, key, by]) => ({
      tenant: "alpha",
      pid: by ?? (expect.any(String) as string),
      body: { call, name, code: "EACCES", detail, key },
    })),
  );
});

test("a call that the policy forbids is told, and what other ends are is not", async () => {
  const accessPolicy = accessPolicySchema.parse({ version: 1, tools: { post: { effect: "write", gate: "L3" } } });
  const rig = await openRig({
    settings: { accessPolicy },
    drivers: () => [toolbox],
    cores: (clock) => [
      createScriptedCore({
        clock,
        script: () => Promise.reject(new SysError("EACCES", "the upstream does not let us")),
      }),
    ],
  });
  const { client, pid, chat } = rig.client("worker");
  expect(await codeOf(rig.clock.run(Promise.resolve(client.tool.call({ name: "post", arguments: {} }))))).toBe(
    "EPOLICY",
  );
  expect(await codeOf(rig.clock.run(chat("hello")))).toBe("EACCES");
  expect(await codeOf(client.proc.show({ pid: "none" }))).toBe("ESRCH");
  const body = { call: expect.any(String) as string, name: "tool.call", code: "EPOLICY", key: "k-local" };
  expect(await denialsIn(rig)).toEqual([
    { tenant: "local", pid, body: { ...body, detail: expect.stringContaining("forbids tool.call") as string } },
  ]);
});
