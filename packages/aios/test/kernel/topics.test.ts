import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { matchesTopic } from "../../src/kernel/topic-pattern.ts";
import { fillable } from "../fillable-journal.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const open = (journal: Journal = createMemoryJournal(), clock = createVirtualClock(1_000)): Promise<Rig> =>
  openRig({ journal, clock, cores: () => [createScriptedCore({ clock })] });

/** A publisher and a subscriber of `orders.**`. */
async function pair(rig: Rig) {
  const [publisher, reader] = [rig.client("publisher"), rig.client("reader")];
  const { topic } = reader.client;
  await topic.subscribe({ pattern: "orders.**", name: "billing" });
  const publish = async (...bodies: unknown[]) => {
    const seqs: number[] = [];
    for (const body of bodies) seqs.push((await publisher.client.topic.publish({ topic: "orders.new", body })).seq);
    return seqs;
  };
  const read = async (limit = 100, again = false) => {
    const { events } = await topic.read({ name: "billing", limit, again, timeoutMs: 1 });
    return events.map(({ body }) => body);
  };
  return {
    publisher,
    reader,
    topic,
    publish,
    read: (limit?: number, again?: boolean) => rig.clock.run(read(limit, again)),
  };
}

const named = async (rig: Rig, topic: string) => (await rig.events()).filter((event) => event.topic === topic);

test.each([
  ["orders.new", "orders.new", true],
  ["orders.new", "orders.new.big", false],
  ["orders.*", "orders.new", true],
  ["orders.*", "orders", false],
  ["orders.*", "orders.new.big", false],
  ["*.new", "orders.new", true],
  ["orders.**", "orders", true],
  ["orders.**", "orders.new.big", true],
  ["orders.*.**", "orders", false],
  ["orders.**", "other.new", false],
  ["**", "a.b.c", true],
])("the pattern %s and the topic %s: %s", (pattern, topic, isMatch) => {
  expect(matchesTopic(pattern, topic)).toBe(isMatch);
});

describe("a subscription", () => {
  test("delivers what matches, in order, from where it began, to whoever waits for it", async () => {
    const rig = await open();
    const { publisher, topic, publish, read } = await pair(rig);
    await publish("a", "b");
    await publisher.client.topic.publish({ topic: "other", body: "not wanted" });
    expect(await read(1)).toEqual(["a"]);
    expect(await read()).toEqual(["b"]);
    expect(await read()).toEqual([]);
    const waiting = Promise.resolve(topic.read({ name: "billing" }));
    await rig.clock.run(rig.clock.nowMs() + 10);
    await publisher.client.topic.publish({ topic: "other", body: "not wanted" });
    const [seq] = await publish("c");
    expect((await waiting).events).toEqual([
      {
        seq,
        topic: "orders.new",
        from: publisher.pid,
        body: "c",
        at: rig.clock.nowMs(),
        labels: { trust: "user", confidentiality: "internal" },
      },
    ]);
    await topic.subscribe({ pattern: "orders.*", name: "late", from: "now" });
    await topic.subscribe({ pattern: "orders.*", name: "all", from: "start" });
    const bodies = async (name: string) =>
      (await rig.clock.run(Promise.resolve(topic.read({ name, timeoutMs: 1 })))).events.map(({ body }) => body);
    expect([await bodies("late"), await bodies("all")]).toEqual([[], ["a", "b", "c"]]);
  });

  test("is taken up where it is by its name, and refuses another pattern", async () => {
    const rig = await open();
    const { topic, publish } = await pair(rig);
    const [seq] = await publish("a");
    await topic.ack({ name: "billing", seq: seq as number });
    expect(await topic.subscribe({ pattern: "orders.**", name: "billing", from: "start" })).toEqual({
      name: "billing",
      position: seq,
      isNew: false,
    });
    await expect(topic.subscribe({ pattern: "x", name: "billing" })).rejects.toMatchObject({ code: "EEXIST" });
    for (const pattern of ["**.x", "a..b", "a*", ""])
      await expect(topic.subscribe({ pattern, name: "n" })).rejects.toMatchObject({ code: "EINVAL" });
  });

  test("belongs to its tenant: others neither read it nor what is published there", async () => {
    const rig = await open();
    const { publish, read } = await pair(rig);
    const stranger = rig.client("s", "elsewhere").client.topic;
    await publish("secret");
    await expect(stranger.read({ name: "billing" })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(stranger.ack({ name: "billing", seq: 1 })).rejects.toMatchObject({ code: "ENOENT" });
    expect(await stranger.list()).toEqual({ subscriptions: [] });
    expect((await stranger.peek({ pattern: "**" })).events).toEqual([]);
    await stranger.subscribe({ pattern: "**", name: "billing", from: "start" });
    await stranger.publish({ topic: "orders.new", body: "theirs" });
    expect((await stranger.read({ name: "billing" })).events.map(({ body }) => body)).toEqual(["theirs"]);
    expect(await read()).toEqual(["secret"]);
  });

  test("delivers again what was not acknowledged, after a restart and when it is asked to", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const rig = await open(journal, clock);
    const { topic, publish, read } = await pair(rig);
    const [first] = await publish("a", "b", "c");
    expect(await read()).toEqual(["a", "b", "c"]);
    expect(await topic.ack({ name: "billing", seq: first as number })).toEqual({ position: first });
    expect(await read()).toEqual([]);
    expect(await read(1, true)).toEqual(["b"]);
    expect((await topic.list()).subscriptions).toMatchObject([
      { name: "billing", pattern: "orders.**", position: first, lag: 2, unacknowledged: 1 },
    ]);
    const next = await open(journal, clock);
    const { read: readAgain, publish: publishMore } = await pair(next);
    await publishMore("d");
    expect(await readAgain()).toEqual(["b", "c", "d"]);
  });

  test("holds a reader back that acknowledges nothing", async () => {
    const rig = await open();
    const { topic, publish, read } = await pair(rig);
    const seqs = await publish(...Array.from({ length: 1_001 }, (_, index) => index));
    expect(await read(1_000)).toHaveLength(1_000);
    await expect(read()).rejects.toMatchObject({ code: "EAGAIN" });
    await topic.ack({ name: "billing", seq: seqs[9] as number });
    expect(await read()).toEqual([1_000]);
  });

  test("has one reader at a time", async () => {
    const rig = await open();
    const { topic, publish, read } = await pair(rig);
    const other = rig.client("other").client.topic;
    const waiting = Promise.resolve(topic.read({ name: "billing" }));
    await rig.clock.run(rig.clock.nowMs() + 10);
    await expect(other.read({ name: "billing" })).rejects.toMatchObject({ code: "EBUSY" });
    const [seq] = await publish("a");
    await waiting;
    await expect(other.read({ name: "billing" })).rejects.toMatchObject({ code: "EBUSY" });
    await topic.ack({ name: "billing", seq: seq as number });
    await publish("b");
    expect((await other.read({ name: "billing" })).events.map(({ body }) => body)).toEqual(["b"]);
    await expect(read()).rejects.toMatchObject({ code: "EBUSY" });
  });

  test("that is removed is gone, also for who waits and after a restart", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const rig = await open(journal, clock);
    const { topic } = await pair(rig);
    const waiting = expect(topic.read({ name: "billing" })).rejects.toMatchObject({ code: "ECANCELED" });
    await rig.clock.run(rig.clock.nowMs() + 10);
    await topic.unsubscribe({ name: "billing" });
    await waiting;
    const next = await open(journal, clock);
    await expect(next.client("reader").client.topic.read({ name: "billing" })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("a subscriber that fails", () => {
  test("is an event, and gets the event again, with all behind it; after five failures it goes on without it", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    let rig = await open(journal, clock);
    let { topic, publish, read } = await pair(rig);
    const [, poison] = await publish("good", "poison", "next");
    const nack = { name: "billing", seq: poison as number, reason: "cannot parse" };
    expect(await read()).toEqual(["good", "poison", "next"]);
    for (let failures = 1; failures <= 4; failures++) {
      expect(await topic.nack(nack)).toEqual({ failures, isDead: false });
      // "good" was delivered and not told to have failed.
      expect(await read()).toEqual(["poison", "next"]);
    }
    // What counts is on disk: the next kernel knows it.
    rig = await open(journal, clock);
    ({ topic, publish, read } = await pair(rig));
    expect(await read()).toEqual(["good", "poison", "next"]);
    expect(await topic.nack(nack)).toEqual({ failures: 5, isDead: true });
    expect(await read()).toEqual(["next"]);
    await expect(topic.nack(nack)).rejects.toMatchObject({ code: "EINVAL" });
    expect((await named(rig, "subscriber.failed")).map(({ body }) => body)).toEqual(
      [1, 2, 3, 4, 5].map((failures) => ({ ...nack, topic: "orders.new", failures })),
    );
    expect((await named(rig, "topic.dead")).map(({ body }) => body)).toEqual([{ ...nack, topic: "orders.new" }]);
    // Set aside for good, and for this subscription only.
    rig = await open(journal, clock);
    ({ topic, read } = await pair(rig));
    expect(await read()).toEqual(["good", "next"]);
    await topic.unsubscribe({ name: "billing" });
    await topic.subscribe({ name: "billing", pattern: "orders.**", from: "start" });
    const anew = await open(journal, clock);
    expect(await (await pair(anew)).read()).toEqual(["good", "poison", "next"]);
  });

  test("that ends abnormally with unacknowledged events has failed at the oldest; one that ends well has not", async () => {
    const rig = await open();
    const { reader, topic, publish, read } = await pair(rig);
    const [good, poison] = await publish("good", "poison", "next");
    await read();
    await topic.ack({ name: "billing", seq: good as number });
    await rig.admin.proc.signal({ pid: reader.pid, signal: "kill" });
    const heir = await pair(rig);
    expect(await heir.read()).toEqual(["poison", "next"]);
    await rig.admin.proc.exit({ pid: heir.reader.pid, code: 0, signal: null });
    expect(await (await pair(rig)).read()).toEqual(["poison", "next"]);
    const failures = await named(rig, "subscriber.failed");
    expect(failures.map(({ body }) => body)).toEqual([
      {
        name: "billing",
        seq: poison,
        topic: "orders.new",
        failures: 1,
        reason: expect.stringContaining("killed") as string,
      },
    ]);
  });

  test("stops a read under way: it begins with what has failed", async () => {
    const rig = await open();
    const { topic, publish, read } = await pair(rig);
    const [seq] = await publish("a");
    await read();
    const waiting = Promise.resolve(topic.read({ name: "billing" }));
    await rig.clock.run(rig.clock.nowMs() + 10);
    await topic.nack({ name: "billing", seq: seq as number, reason: "later" });
    expect((await waiting).events.map(({ body }) => body)).toEqual(["a"]);
  });
});

describe("a publication", () => {
  test("is there once or not at all, at whatever commit the kernel is killed, and nothing acknowledged comes again", async () => {
    const bodies = ["a", "b", "c", "d"];
    for (let lastCommit = 4; lastCommit < 30; lastCommit++)
      for (const isAcknowledged of [true, false]) {
        const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
        const death = Promise.withResolvers<void>();
        const rig = await open(mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve }), clock);
        const published: string[] = [];
        const done: string[] = [];
        const working = (async () => {
          const [publisher, { client }] = [rig.client("publisher"), rig.client("reader")];
          await client.topic.subscribe({ pattern: "**", name: "billing" });
          for (const body of bodies) {
            await publisher.client.topic.publish({ topic: "orders.new", body });
            published.push(body);
            for (const event of (await client.topic.read({ name: "billing" })).events) {
              await client.topic.ack({ name: "billing", seq: event.seq });
              done.push(event.body as string);
            }
          }
        })();
        await clock.run(Promise.race([death.promise, working]));
        const next = await open(journal, clock);
        const { topic } = next.client("reader").client;
        await topic.subscribe({ pattern: "**", name: "billing", from: "start" });
        const { events } = await clock.run(Promise.resolve(topic.read({ name: "billing", timeoutMs: 1 })));
        const got = [...done, ...events.map(({ body }) => body)];
        const all = (await topic.peek({ pattern: "**" })).events.map(({ body }) => body);
        const where = { lastCommit, isAcknowledged };
        expect({ ...where, all }).toEqual({ ...where, all: bodies.slice(0, all.length) });
        expect(all.length).toBeGreaterThanOrEqual(published.length);
        // The kill may have hit between the acknowledgement and its answer.
        const isUntold = got.length < all.length;
        expect({ ...where, isUntold: isUntold && isAcknowledged }).toEqual({ ...where, isUntold: false });
        if (!isUntold) expect({ ...where, got }).toEqual({ ...where, got: all });
      }
  });

  test("that finds the disk full is not there later, and readers and acknowledgements are as they were", async () => {
    const { journal, disk } = fillable(createMemoryJournal());
    const rig = await open(journal);
    const { publisher, topic, publish, read } = await pair(rig);
    const [first] = await publish("a", "b");
    await read(1);
    disk.isFull = true;
    const lost = Promise.allSettled([
      publisher.client.topic.publish({ topic: "orders.new", body: "lost" }),
      topic.ack({ name: "billing", seq: first as number }),
      topic.read({ name: "billing" }),
      topic.subscribe({ pattern: "x", name: "new" }),
    ]);
    const codes = (await rig.clock.run(lost)).map(
      (one) => one.status === "rejected" && (one.reason as { code: string }).code,
    );
    expect(codes).toEqual(["ENOSPC", "ENOSPC", "ENOSPC", "ENOSPC"]);
    disk.isFull = false;
    await rig.clock.run(rig.clock.nowMs() + 2_000);
    await publish("c");
    expect(await read()).toEqual(["b", "c"]);
    expect(await read(100, true)).toEqual(["a", "b", "c"]);
    expect((await topic.list()).subscriptions.map(({ name }) => name)).toEqual(["billing"]);
    const next = await open(journal, rig.clock);
    expect(await (await pair(next)).read()).toEqual(["a", "b", "c"]);
  });
});

test("topics can be looked at without a subscription", async () => {
  const rig = await open();
  const { topic, publish } = await pair(rig);
  const seqs = await publish("a", "b", "c");
  const { events, next } = await topic.peek({ pattern: "orders.*", limit: 2 });
  expect({ bodies: events.map(({ body }) => body), next }).toEqual({ bodies: ["a", "b"], next: seqs[1] });
  expect((await topic.peek({ pattern: "orders.*", from: next })).events.map(({ body }) => body)).toEqual(["c"]);
  const waiting = Promise.resolve(topic.peek({ pattern: "orders.*", from: "now", timeoutMs: 1_000 }));
  await rig.clock.run(rig.clock.nowMs() + 10);
  await publish("d");
  expect((await waiting).events.map(({ body }) => body)).toEqual(["d"]);
  const none = topic.peek({ pattern: "orders.*", from: "now", timeoutMs: 10 });
  expect((await rig.clock.run(Promise.resolve(none))).events).toEqual([]);
});
