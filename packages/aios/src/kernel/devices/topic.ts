import type { ResultOf, TopicEvent } from "@aiosjs/sdk/protocol";
import { given } from "../given.ts";
import { expired, withDeadline } from "../with-deadline.ts";
import type { KernelCall, KernelDevice } from "./device.ts";
import { letterOf } from "./mail.ts";

/** How far a listing counts. */
const MAX_LAG = 1_000;

type TopicName = `topic.${"publish" | "subscribe" | "read" | "ack" | "nack" | "unsubscribe" | "list" | "peek"}`;

/** Topics of the event log, and subscriptions to them. */
export const topicDevice: KernelDevice<TopicName> = {
  "topic.publish": ({ topic, body }, call) => {
    const { copy, sizeChars } = given(body ?? null, "the body");
    const letter = letterOf(copy, call);
    return { seq: call.parts.topics.log.publish(call.record, { ...letter, topic, chars: sizeChars }) };
  },

  "topic.subscribe": ({ pattern, name, from }, { parts, record }) => {
    const chosen = name ?? `s${parts.random.text(9)}`;
    const position = positionOf(from, parts.outbox.events.seq);
    return { name: chosen, ...parts.topics.subscribe(record, { name: chosen, pattern, position }) };
  },

  "topic.read": async ({ name, limit, timeoutMs, again }, call) => ({
    events: await inTime(call, timeoutMs, (signal) =>
      call.parts.topics.read(call.record, { name, limit, again }, signal),
    ),
  }),

  "topic.ack": (args, { parts, record }) => ({ position: parts.topics.ack(record, args) }),

  "topic.nack": async (args, { parts, record }) => {
    const { failures, isDead } = await parts.topics.nack(record, args);
    return { failures, isDead };
  },

  "topic.unsubscribe": ({ name }, { parts, record }) => {
    parts.topics.unsubscribe(record, name);
    return {};
  },

  "topic.list": async ({ limit, after }, { parts, record }) => {
    const { tenant } = record.process;
    const found = parts.topics.list(tenant).filter(({ name }) => after === undefined || name > after);
    const subscriptions: ResultOf<"topic.list">["subscriptions"] = [];
    for (const { name, pattern, position, unacknowledged, reader, atMs } of found.slice(0, limit)) {
      const lag = await parts.topics.log.count({ tenant, pattern, afterSeq: position, limit: MAX_LAG });
      subscriptions.push({ name, pattern, position, unacknowledged, lag, reader: reader?.pid ?? null, at: atMs });
    }
    return { subscriptions };
  },

  "topic.peek": async ({ pattern, from, limit, timeoutMs }, call) => {
    const { topics, outbox } = call.parts;
    const query = { tenant: call.record.process.tenant, pattern, afterSeq: positionOf(from, outbox.events.seq), limit };
    const { events, scannedTo } = await topics.log.read(query);
    if (events.length > 0 || timeoutMs === undefined) return { events: [...events], next: scannedTo };
    const late = { ...query, afterSeq: scannedTo };
    const came = await inTime(call, timeoutMs, async (signal) => (await topics.log.next(late, signal)).events);
    return { events: came, next: came.at(-1)?.seq ?? scannedTo };
  },
};

const positionOf = (from: "now" | "start" | number, newest: number): number =>
  from === "now" ? newest : from === "start" ? 0 : from;

/** Nothing, when nothing came in time. */
async function inTime(
  { parts, signal }: KernelCall,
  timeoutMs: number | undefined,
  work: (signal: AbortSignal) => Promise<readonly TopicEvent[]>,
): Promise<TopicEvent[]> {
  const atMs = timeoutMs === undefined ? undefined : parts.clock.nowMs() + timeoutMs;
  try {
    return [...(await withDeadline(parts, { atMs, signal }, work))];
  } catch (cause) {
    if (cause === expired) return [];
    throw cause;
  }
}
