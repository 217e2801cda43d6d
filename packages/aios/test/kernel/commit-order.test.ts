// What depends on the order in which single calls settle: real queues and logs, settled by hand.
import { asCallId, asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { CallRecord } from "../../src/kernel/call-record.ts";
import { MessageQueue } from "../../src/kernel/message-queue.ts";
import { Outbox } from "../../src/kernel/outbox.ts";
import { ProcessTable } from "../../src/kernel/process-table.ts";
import { Timers } from "../../src/kernel/timers.ts";
import { TopicLog } from "../../src/kernel/topic-log.ts";
import { label } from "../journal-rows.ts";

const tenant = asTenantId("local");
const clock = createVirtualClock(1_000);
const process = new ProcessTable({ random: createSeededRandom(1), clock }).init(tenant);
const never = new AbortController().signal;

let calls = 0;
const newRecord = () =>
  new CallRecord({
    call: asCallId(`c${++calls}`),
    seq: calls,
    name: "proc.send",
    args: {},
    process,
    clock,
    key: asKeyId("k"),
    onDetach: "keep",
  });

const settle = ({ settles }: CallRecord, isKept: boolean): void => {
  for (const one of settles) one(isKept);
};

function newQueue(capacity = 100) {
  let seq = 0;
  const queue = new MessageQueue({
    name: "q",
    tenant,
    load: { chars: 0 },
    capacity,
    nextSeq: () => ++seq,
    discard: () => undefined,
  });
  const send = async (body: unknown, record = newRecord()) => {
    await queue.send(record, { from: null, body, atMs: 0, label }, never);
    settle(record, true);
  };
  const take = async (record = newRecord()) => {
    const row = await queue.take(record, never);
    settle(record, true);
    return row?.body;
  };
  return { queue, send, take };
}

test("a taker that is cancelled in the turn in which it was served gives back what it took", async () => {
  const { queue, take } = newQueue();
  const [sending, record] = [newRecord(), newRecord()];
  const taking = queue.take(record, record.abort.signal);
  await queue.send(sending, { from: null, body: "here", atMs: 0, label }, never);
  settle(sending, true);
  record.abort.abort(new Error("left"));
  await expect(taking).rejects.toThrow("left");
  settle(record, false);
  expect(await take()).toBe("here");
});

test("what comes back goes to its place, before what was sent later", async () => {
  const { queue, send, take } = newQueue();
  for (const body of ["a", "b", "c"]) await send(body);
  const [first, second] = [newRecord(), newRecord()];
  await queue.take(first, never);
  await queue.take(second, never);
  settle(second, false);
  settle(first, false);
  expect([await take(), await take(), await take()]).toEqual(["a", "b", "c"]);
});

test("a small message does not pass a large one that waits for room", async () => {
  const { send, take } = newQueue();
  const large = "x".repeat(1_000_000);
  for (let index = 0; index < 16; index++) await send(large);
  const order: string[] = [];
  const waiting = [send(`${large}y`).then(() => order.push("large")), send("small").then(() => order.push("small"))];
  await clock.run(clock.nowMs());
  expect(order).toEqual([]);
  await take();
  await Promise.all(waiting);
  expect(order).toEqual(["large", "small"]);
});

test("an event is not read before an earlier one has been written or given up", async () => {
  const journal = createMemoryJournal();
  const outbox = new Outbox(journal, { clock, timers: new Timers(clock), lastEventSeq: 0, onFenced: () => undefined });
  const log = new TopicLog({ journal, outbox });
  const [first, second, third] = [newRecord(), newRecord(), newRecord()];
  for (const record of [first, second, third])
    log.publish(record, { topic: "t", from: null, body: record.call, label, chars: 0 });
  const query = { tenant, pattern: "t", afterSeq: 0, limit: 10 };
  const waiting = log.next(query, never);
  await journal.commit([...second.effects, ...third.effects]);
  settle(third, true);
  settle(second, true);
  expect((await log.read(query)).events).toEqual([]);
  settle(first, false);
  expect((await waiting).events.map(({ body }) => body)).toEqual([second.call, third.call]);
});
