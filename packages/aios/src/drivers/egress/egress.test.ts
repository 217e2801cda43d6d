import { once } from "node:events";
import { expect, test } from "vitest";
import { isSysError } from "@aiosjs/sdk/protocol";
import { openEgressWorld } from "../../../test/egress-world.ts";
import type { EgressWorld } from "../../../test/egress-world.ts";
import { createEgress } from "./egress.ts";

const outcome = async (world: EgressWorld, host: string, { port = world.port, allowed = [`*.test:*`] } = {}) => {
  const egress = createEgress({ ...world.options, allowed: () => allowed });
  try {
    const socket = await egress.connect({ host, port }, { way: "tunnel" });
    const { remoteAddress } = socket;
    socket.destroy();
    await once(socket, "close");
    return `connected to ${remoteAddress}`;
  } catch (cause) {
    return isSysError(cause) ? `${cause.code} ${cause.message}` : `unexpected ${String(cause)}`;
  }
};

test("a host that no pattern names is not even looked up", async () => {
  await using world = await openEgressWorld();
  const { port } = world;
  let looks = 0;
  const resolve = (): Promise<string[]> => Promise.resolve([`${looks++}`]);
  const counted = { ...world, options: { ...world.options, resolve } };
  expect(await outcome(counted, "api.evil", { allowed: [`api.test:${port}`] })).toBe(
    `EPOLICY api.evil:${port} is not among the hosts that may be reached`,
  );
  expect(await outcome(counted, "api.test", { port: 22, allowed: [`api.test:${port}`] })).toMatch(/^EPOLICY/);
  expect(looks).toBe(0);
  expect(world.told()).toEqual(["refused not-allowed", "refused not-allowed"]);
});

test("what an allowed name leads to is looked at, every address of it", async () => {
  await using world = await openEgressWorld();
  expect(await outcome(world, "api.test")).toBe("connected to 127.0.0.1");
  expect(await outcome(world, "metadata.test")).toMatch(/^EPOLICY .*169\.254\.169\.254: link-local/);
  expect(await outcome(world, "mapped.test")).toMatch(/^EPOLICY .*::ffff:127\.0\.0\.1/);
  expect(await outcome(world, "mixed.test")).toMatch(/^EPOLICY .*10\.0\.0\.1: a private network/);
  expect(await outcome(world, "nowhere.test")).toMatch(/^ENODEV .*no address/);
  expect(world.told()).toEqual([
    "permitted",
    "refused closed-address",
    "refused closed-address",
    "refused closed-address",
    "failed",
  ]);
});

test("loopback is closed where nobody has opened it, though the policy names it", async () => {
  await using world = await openEgressWorld();
  const closed = { ...world, options: { ...world.options, openAddresses: [] } };
  for (const host of ["api.test", "127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
    expect(
      await outcome(closed, host, { allowed: ["*.test:*", "127.0.0.1:*", "[::1]:*", "[::ffff:7f00:1]:*"] }),
      host,
    ).toMatch(/^EPOLICY .*not of the public internet/);
  expect(world.seen).toEqual([]);
});

test("the address that was looked at is the one that is connected to: a name that changes meanwhile changes nothing", async () => {
  await using world = await openEgressWorld();
  expect(await outcome(world, "rebinding.test")).toBe("connected to 127.0.0.1");
  expect(await outcome(world, "rebinding.test")).toMatch(/^EPOLICY .*127\.0\.0\.2: this machine/);
});

test("a policy that is changed holds from the next connection on", async () => {
  await using world = await openEgressWorld();
  const allowed = ["*.test:*"];
  expect(await outcome(world, "api.test", { allowed })).toMatch(/^connected/);
  allowed.length = 0;
  expect(await outcome(world, "api.test", { allowed })).toMatch(/^EPOLICY/);
});

test("who leaves is not kept waiting by a resolver that does not answer, nor for ever by nobody", async () => {
  await using world = await openEgressWorld();
  const silent = { ...world.options, resolve: () => new Promise<never>(() => undefined), allowed: () => ["*.test:*"] };
  const left = AbortSignal.abort(new Error("left"));
  const target = { host: "api.test", port: world.port };
  await expect(createEgress(silent).connect(target, { way: "http", signal: left })).rejects.toThrow("left");
  const impatient = createEgress({ ...silent, connectMs: 20 });
  await expect(impatient.connect(target, { way: "http" })).rejects.toMatchObject({ code: "ETIMEDOUT" });
});
