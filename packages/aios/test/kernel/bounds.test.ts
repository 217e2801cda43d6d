// What one tenant can make the kernel hold for it, and read for it at once.
import { asPid } from "@aiosjs/sdk/protocol";
import type { SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { refusal } from "../writer-rig.ts";

const open = (clock = createVirtualClock(1_000)): Promise<Rig> =>
  openRig({ clock, cores: () => [], journal: createMemoryJournal() });
const megabyte = "x".repeat(1_000_000);

/** Lets what waits for nothing but the journal happen. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

test("messages that wait unread, and senders that wait for room, are bounded for a tenant", async () => {
  const rig = await open();
  const [from, to] = [rig.client("from", "acme"), rig.client("to", "acme")];
  const refusals: string[] = [];
  for (let count = 0; count < 300; count++)
    from.client.proc.send({ pid: to.pid, body: megabyte }).then(
      () => undefined,
      (error: SysError) => refusals.push(error.code),
    );
  await settle();
  expect(new Set(refusals)).toEqual(new Set(["EAGAIN"]));
  expect(refusals.length).toBe(300 - 268);
  // Other tenants have their own, and what is taken makes room.
  const [other, another] = [rig.client("from", "other"), rig.client("to", "other")];
  await other.client.proc.send({ pid: another.pid, body: megabyte });
  await to.client.proc.receive({});
  await settle();
  const late = refusal(from.client.proc.send({ pid: to.pid, body: megabyte, timeoutMs: 1 }));
  expect(await rig.clock.run(late)).toMatch(/^ETIMEDOUT/);
}, 60_000);

test("a page of values, and an answer with events, hold so many megabytes and no more, and say where to go on", async () => {
  const rig = await open();
  const { client } = rig.client("one", "acme");
  for (let count = 10; count < 30; count++) {
    await client.value.put({ scope: "team", key: `k${count}`, value: megabyte });
    await client.topic.publish({ topic: "news", body: megabyte });
  }
  const keys: string[] = [];
  const sizes: number[] = [];
  for (let after: string | undefined; ;) {
    const page = await client.value.list({ scope: "team", limit: 1_000, ...(after === undefined ? {} : { after }) });
    keys.push(...page.values.map(({ key }) => key));
    sizes.push(page.values.length);
    if (page.next === null) break;
    after = page.next;
  }
  expect(keys).toEqual(Array.from({ length: 20 }, (_, index) => `k${index + 10}`));
  expect(sizes).toEqual([9, 9, 2]);
  const first = await client.topic.peek({ pattern: "**", limit: 1_000 });
  expect(first.events.length).toBe(9);
  const second = await client.topic.peek({ pattern: "**", limit: 1_000, from: first.next });
  expect(second.events.length).toBe(9);
  await client.topic.subscribe({ pattern: "**", name: "s", from: "start" });
  expect(await client.topic.list({})).toMatchObject({ subscriptions: [{ name: "s", lag: 20 }] });
}, 60_000);

test("who follows the events misses none, however large they are", async () => {
  const rig = await open();
  const { client } = rig.client("one", "acme");
  const stop = new AbortController();
  const late: number[] = [];
  for (let count = 0; count < 600; count++)
    await client.topic.publish({ topic: "t", body: megabyte.slice(0, 120_000) });
  for await (const batch of rig.kernel.events(rig.root, { afterSeq: 0, topics: ["topic.published"] }, stop.signal)) {
    late.push(...batch.map(({ seq }) => seq));
    if (late.length >= 600) stop.abort();
  }
  expect(new Set(late).size).toBe(600);
}, 60_000);

test("a tenant has so many subscriptions and no more; one that is removed makes room", async () => {
  const rig = await open();
  const { client } = rig.client("one", "acme");
  for (let count = 0; count < 10_000; count += 1_000)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        client.topic.subscribe({ pattern: "a", name: `n${count + index}` }).outcome(),
      ),
    );
  expect(await refusal(client.topic.subscribe({ pattern: "a" }))).toMatch(/^EAGAIN tenant acme has 10000/);
  expect((await client.topic.subscribe({ pattern: "a", name: "n5" })).isNew).toBe(false);
  await rig.client("x", "other").client.topic.subscribe({ pattern: "a" });
  await client.topic.unsubscribe({ name: "n5" });
  expect((await client.topic.subscribe({ pattern: "a" })).isNew).toBe(true);
}, 60_000);

test("a tenant has so many calls under way and no more, and can end them", async () => {
  const rig = await open();
  const { client } = rig.client("one", "acme");
  const { pid } = rig.client("one", "acme");
  const calls = Array.from({ length: 20_000 }, () =>
    rig.kernel.syscall("proc.receive", {}, { principal: rig.root, pid, onDetach: "keep" }),
  );
  expect(await refusal(client.proc.now())).toMatch(/^EAGAIN 20000 calls of tenant acme are under way/);
  await rig.client("x", "other").client.proc.now();
  const cancel = rig.kernel.transport(rig.root, asPid(pid)).syscall("call.cancel", { call: calls[0]?.call });
  for await (const _ of cancel);
  await settle();
  await client.proc.now();
}, 120_000);
