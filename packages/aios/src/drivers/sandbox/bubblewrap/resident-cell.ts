import { Readable } from "node:stream";
import { startBubble } from "./bubble.ts";
import type { Bubble, BubbleStart } from "./bubble.ts";
import type { Cell, Turn, TurnEnd } from "./cell.ts";
import { createReader, wordsOf } from "./resident-words.ts";

/** Of output on its way to a reader, of each stream; beyond it the resident waits, and so does the program. */
const aheadBytes = 256 * 1024;
/** As bubblewrap tells of a first process that SIGKILL has ended. */
const killedCode = 137;

/** A bubblewrap that runs one command after the other, by a process of ours that stays in it. */
export function startResidentCell(start: Omit<BubbleStart, "stdio">): Cell {
  const bubble = startBubble({ ...start, stdio: ["ignore", "ignore", "pipe"] });
  const { environment } = start;
  const { channel, firstProcess } = bubble;
  let is: "starting" | "ready" | "busy" | "settling" | "over" = "starting";
  let settled = Promise.withResolvers<void>();
  settled.resolve();
  let turn: OpenTurn | undefined;
  let hasBegun = false;
  let errors = "";
  bubble.errors?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-1_000)));
  const end = (how: Omit<TurnEnd, "wasKilled">): void => {
    const ending = turn;
    turn = undefined;
    ending?.end({ ...how, wasKilled: bubble.wasKilled() });
  };
  const read = createReader((letter, bytes) => {
    switch (letter) {
      case "r":
        hasBegun = true;
        // What was told while it started waits in the channel: it is at work already.
        if (is === "busy") return;
        is = "ready";
        bubble.letGo();
        settled.resolve();
        return;
      case "o":
      case "e":
        turn?.say(letter, bytes);
        return;
      case "x":
      case "f":
        is = "settling";
        end(letter === "x" ? { code: Number(bytes.toString()), fault: "" } : { code: null, fault: bytes.toString() });
    }
  });
  channel.on("data", read);
  const ended = bubble.ended
    .then(
      ({ code, hasRun }) => {
        const isKilled = bubble.wasKilled() || (hasRun && code === killedCode) || code === null;
        end({ code: null, fault: "", ...(isKilled ? {} : { failure: errors || "it ended before its command did" }) });
      },
      (cause: unknown) => turn?.fail(cause),
    )
    .finally(() => {
      is = "over";
      settled.resolve();
    });
  return {
    firstProcess,
    tell(told) {
      is = "busy";
      settled = Promise.withResolvers();
      bubble.hold();
      channel.write(wordsOf({ ...told, environment: { ...environment, ...told.environment } }));
      return (turn = openTurn(bubble, () => (hasBegun ? firstProcess() : undefined)));
    },
    kill: bubble.kill,
    ended,
    mayBeKept: () => (is === "ready" || is === "settling") && !bubble.wasKilled(),
    settled: () => settled.promise,
    isMounted: () => is === "ready",
    isUsable: () => (is === "ready" || is === "starting") && !bubble.hasEnded() && !bubble.wasKilled(),
  };
}

interface OpenTurn extends Turn {
  say(letter: "o" | "e", bytes: Uint8Array): void;
  end(how: TurnEnd): void;
  fail(cause: unknown): void;
}

function openTurn({ channel, kill }: Bubble, firstProcess: Turn["firstProcess"]): OpenTurn {
  const { promise, resolve, reject } = Promise.withResolvers<TurnEnd>();
  let [hasEnded, isLeft] = [false, false];
  const streamOf = (): Readable => new Readable({ highWaterMark: aheadBytes, read: () => void channel.resume() });
  const [stdout, stderr] = [streamOf(), streamOf()];
  const close = (): void => {
    hasEnded = true;
    for (const stream of [stdout, stderr]) stream.push(null);
    channel.resume();
  };
  return {
    stdout,
    stderr,
    firstProcess,
    say(letter, bytes) {
      const stream = letter === "o" ? stdout : stderr;
      if (!stream.push(bytes) && !stream.destroyed && !isLeft) channel.pause();
    },
    end(how) {
      close();
      resolve(how);
    },
    fail(cause) {
      close();
      reject(cause);
    },
    kill() {
      if (hasEnded) return;
      isLeft = true;
      kill();
      // It closes only when all that was said is read.
      channel.resume();
    },
    ended: promise,
  };
}
