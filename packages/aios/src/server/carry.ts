import { isTerminal } from "@aiosjs/sdk/protocol";
import type { Problem, SysEvent } from "@aiosjs/sdk/protocol";
import type { CallEvent, Subscription } from "../kernel/ports.ts";
import { answer, callHeaders, learn, noFacts, problemOf, refuseCall } from "./exchange.ts";
import type { CallFacts, Exchange } from "./exchange.ts";
import { Reading } from "./reading.ts";
import { SseStream } from "./sse.ts";
import { startBeat, takesProcessing, waitedTooLong, waitsForPerson } from "./waits.ts";

type Completed = Extract<SysEvent, { type: "syscall.completed" }>;
type Terminal = Completed | Extract<SysEvent, { type: "syscall.failed" }>;

/** How a door writes a call as server-sent events. */
export interface Face {
  /** How long the status line is held back at most: a failure meanwhile is answered with a status of its own. */
  readonly holdMs: number;
  /** The dialect whose upstream's bytes this door passes on instead of writing its own frames. */
  readonly forwards?: string;
  /** What keeps a silent stream alive once its headers are out. Default: a comment. */
  readonly beat?: string;
  /** Whether the status line leaves with this event. Default: with the model's first word, so that what goes wrong before keeps its status. */
  opensWith?(event: SysEvent): boolean;
  /** Frames of one event, "" for what this door does not tell; `index` counts the events of the call. */
  frames(event: SysEvent, index: number): string;
  /** Whether a failure is told as frames also where it could have a status of its own. Default: none is. */
  tells?(problem: Problem): boolean;
  /** Frames of why the stream ends before the call does. */
  stopped(problem: Problem): string;
  /** The client left before it was told anything. */
  abandoned?(): void;
}

/**
 * Carries a call to a client as a stream, one write per batch of events. The kernel never waits for the client: a slow one
 * gets bigger batches later, one that leaves is only a reader less.
 */
export async function carryStream(exchange: Exchange, subscription: Subscription, face: Face): Promise<void> {
  const { outgoing, doors } = exchange;
  const facts = noFacts();
  let held = "";
  using reading = new Reading(subscription, { outgoing, open: doors.readings });
  using stream = new SseStream(outgoing, { crowd: doors.crowd, commentMs: doors.waits.commentMs, sign: face.beat });
  const open = (): void => stream.open(callHeaders(exchange, subscription, facts));
  using _hold = startBeat(face.holdMs, () => {
    if (stream.isOpen) return undefined;
    open();
    if (held === "") stream.comment();
    else void stream.write(held);
    held = "";
    return undefined;
  });
  let index = 0;
  let isForwarding = false;
  for (;;) {
    const { done, value: batch } = await reading.next();
    if (done === true || reading.isOver) break;
    let frames = held;
    let bytes: Uint8Array | undefined;
    held = "";
    for (const event of batch) {
      if (event.type === "frames") {
        index++;
        if (event.dialect !== face.forwards) continue;
        isForwarding = true;
        bytes = bytes === undefined ? event.bytes : Buffer.concat([bytes, event.bytes]);
        open();
        continue;
      }
      learn(facts, event);
      if (event.type === "syscall.failed" && !stream.isOpen && face.holdMs > 0 && face.tells?.(event.error) !== true) {
        refuseCall(exchange, { problem: event.error, subscription, facts });
        return;
      }
      if (isForwarding && event.type !== "syscall.failed") {
        index++;
        continue;
      }
      frames += face.frames(event, index++);
      if (!stream.isOpen && (face.opensWith?.(event) ?? isWord(event))) open();
    }
    // What was held, or says that the call failed, is text; it comes before the bytes, or after the last of them.
    const out = bytes === undefined ? frames : frames === "" ? bytes : joined(batch, frames, bytes);
    const last = batch.at(-1);
    if (last !== undefined && last.type !== "frames" && isTerminal(last)) {
      open();
      stream.end(out);
      return;
    }
    if (!stream.isOpen) {
      held = frames;
      continue;
    }
    const wait = out.length === 0 ? undefined : stream.write(out);
    if (wait) await wait;
  }
  if (!reading.stopped) {
    if (!stream.isOpen) face.abandoned?.();
    return;
  }
  const problem = problemOf(reading.stopped, subscription);
  if (stream.isOpen) stream.end(face.stopped(problem));
  else refuseCall(exchange, { problem, subscription, facts });
}

const isWord = ({ type }: SysEvent): boolean => !type.startsWith("syscall.") && type !== "request.adapted";

function joined(batch: readonly CallEvent[], frames: string, bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(frames);
  return Buffer.concat(batch.at(-1)?.type === "syscall.failed" ? [bytes, text] : [text, bytes]);
}

interface Ways {
  /** The dialect whose upstream's own body is the answer. */
  readonly forwards?: string;
  /** Whether the client understands that a call goes on without it: then no answer is held open for a person. */
  readonly mayPend?: boolean;
}

/**
 * Waits for a call's last event on behalf of a client that wants one answer. Undefined when the client has been told
 * otherwise: it left, or waited too long. `body` is the upstream's own answer where it speaks the dialect that the door `forwards`.
 */
export async function carryEnd(
  exchange: Exchange,
  subscription: Subscription,
  { forwards, mayPend = false }: Ways = {},
): Promise<{ last: Terminal; facts: CallFacts; body: Uint8Array | undefined } | undefined> {
  const { incoming, outgoing, doors } = exchange;
  const { waits, readings } = doors;
  const facts = noFacts();
  using reading = new Reading(subscription, { outgoing, open: readings });
  using _patience = takesProcessing(incoming.headers)
    ? startBeat(waits.processingMs, () => {
        if (!outgoing.headersSent && !outgoing.destroyed) outgoing.writeProcessing();
        return waits.processingMs;
      })
    : startBeat(waits.maxWaitMs, () => {
        reading.stop(waitedTooLong(waits.maxWaitMs));
        return undefined;
      });
  let body: Uint8Array | undefined;
  using pending = new DisposableStack();
  for (;;) {
    const { done, value: batch } = await reading.next();
    if (done === true || reading.isOver) break;
    for (const event of batch) {
      if (mayPend && event.type === "syscall.asked") {
        const stop = (): undefined => reading.stop(waitsForPerson(subscription.call, event.approval)) as undefined;
        pending.use(startBeat(waits.pendingMs, stop));
      }
      if (event.type === "frames") {
        if (event.dialect === forwards) body = event.bytes;
        continue;
      }
      learn(facts, event);
      if (isTerminal(event)) return { last: event, facts, body };
    }
  }
  if (reading.stopped) refuseCall(exchange, { problem: problemOf(reading.stopped, subscription), subscription, facts });
  return undefined;
}

/**
 * Answers a client with the end of its call: with the upstream's own bytes where the door `forwards` them, with a failure in
 * the door's words, else with what `write` makes of the result.
 */
export async function carryWhole(
  exchange: Exchange,
  subscription: Subscription,
  { write, ...ways }: Ways & { write: (completed: Completed, facts: CallFacts) => unknown },
): Promise<void> {
  const end = await carryEnd(exchange, subscription, ways);
  if (!end) return;
  const { last, facts, body } = end;
  if (last.type === "syscall.failed") return refuseCall(exchange, { problem: last.error, subscription, facts });
  const headers = callHeaders(exchange, subscription, facts);
  answer(exchange.outgoing, body ?? JSON.stringify(write(last, facts)), { headers });
}
