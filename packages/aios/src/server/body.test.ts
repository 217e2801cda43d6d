import { expect, test } from "vitest";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { parseObject } from "./body.ts";

test("a body reads as its UTF-8 says, in any script, and broken bytes as replacement characters", () => {
  const random = createSeededRandom(3);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const pieces = ["plain", "–", "über", "操作系统", "🌍", "\ufeff", "\u2028", "\ufffd"].map((text) =>
    Buffer.from(text),
  );
  const broken = [[0xff], [0xc3], [0xe6, 0x93], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x8c]].map((bytes) =>
    Buffer.from(bytes),
  );
  for (let round = 0; round < 1_000; round++) {
    const known = round % 3 === 0 ? [...pieces, ...broken] : pieces.slice(0, 1 + below(pieces.length));
    const text = Buffer.concat(Array.from({ length: below(20) }, () => known[below(known.length)] as Buffer));
    const body = Buffer.concat([Buffer.from('{"text":"'), text, Buffer.from('"}')]);
    expect(parseObject(body)).toEqual({ text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(text) });
  }
});

test("an empty body is an empty object", () => {
  expect(parseObject(Buffer.from(" \n"))).toEqual({});
});
