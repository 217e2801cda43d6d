import { expect, test } from "vitest";
import { createSeededRandom } from "../../random/seeded.ts";
import { createForwarding } from "./forwarding.ts";

const text = 'event: a\ndata: {"é": "🌍"}\n\n: comment\n\ndata: 2\r\n\r\ndata: usage\n\ndata: [DONE]\n\n';

/** What a client is handed when the stream arrives in these pieces, and whether each piece ends where an event does. */
function forward(pieces: readonly Buffer[], withheld?: string): { text: string; areWhole: boolean } {
  const forwarding = createForwarding("openai");
  const released: Buffer[] = [];
  for (const piece of pieces) {
    forwarding.take(piece);
    if (withheld !== undefined && piece.includes(withheld)) forwarding.withhold(withheld);
    const frames = forwarding.release();
    if (frames !== undefined) released.push(Buffer.from(frames.bytes));
  }
  return {
    text: Buffer.concat(released).toString(),
    areWhole: released.every((bytes) => /\n\r?\n$/.test(bytes.toString())),
  };
}

test("wherever packets cut a stream, its bytes come out as they came, whole events at a time", () => {
  const random = createSeededRandom(3);
  const bytes = Buffer.from(text);
  for (let round = 0; round < 500; round++) {
    const cuts = Array.from({ length: 4 }, () => Math.floor(random.next() * bytes.length)).toSorted((a, b) => a - b);
    const pieces = [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
    expect(forward(pieces)).toEqual({ text, areWhole: true });
  }
});

test("an event that only we asked for is left out, and nothing else", () => {
  expect(forward([Buffer.from(text)], "usage").text).toBe(text.replace("data: usage\n\n", ""));
});

test("an event whose closing line never came is closed when the stream has ended", () => {
  const forwarding = createForwarding("openai");
  forwarding.take(Buffer.from("data: [DONE]"));
  expect(forwarding.release()).toBeUndefined();
  forwarding.close();
  expect(Buffer.from(forwarding.release()?.bytes ?? []).toString()).toBe("data: [DONE]\n\n");
});
