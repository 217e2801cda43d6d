import { expect, test } from "vitest";
import { createUnframer } from "./frames.ts";

const frame = (kind: number, text: string): Buffer => {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};

test("frames come apart as they were, wherever the parts are cut, empty ones too", () => {
  const all = Buffer.concat([
    frame(1, "out 二"),
    frame(2, ""),
    frame(2, "aside"),
    frame(1, "x".repeat(1000)),
    frame(1, ""),
  ]);
  for (const size of [1, 2, 3, 7, 8, 9, 64, all.length]) {
    const said = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    const unframe = createUnframer((stream, bytes) => void (said[stream] = Buffer.concat([said[stream], bytes])));
    for (let at = 0; at < all.length; at += size) unframe(all.subarray(at, at + size));
    expect(said.stdout.toString()).toBe(`out 二${"x".repeat(1000)}`);
    expect(said.stderr.toString()).toBe("aside");
  }
});
