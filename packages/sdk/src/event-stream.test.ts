import { expect, test } from "vitest";
import { createStreamParser } from "./event-stream.ts";

const stream =
  ': waiting\n\nid: 0\ndata: {"a":1}\n\nid: 1\r\ndata: one\r\ndata:two\r\n\r\nevent: x\nretry: 5\n\ndata\n\ndata: last\r\r';
const messages = [
  { id: "0", data: '{"a":1}' },
  { id: "1", data: "one\ntwo" },
  { id: "1", data: "" },
];

test("messages are the same however the stream is cut", () => {
  for (let size = 1; size <= stream.length; size++) {
    const parse = createStreamParser();
    const seen = [];
    for (let at = 0; at < stream.length; at += size) seen.push(...parse(stream.slice(at, at + size)));
    // The last CR may still become a CRLF: its message waits for the next character.
    expect(seen, `cut every ${size} characters`).toEqual(messages);
    expect(parse("\n")).toEqual([{ id: "1", data: "last" }]);
  }
});

test("a message that was never finished is not a message", () => {
  expect(createStreamParser()("data: half")).toEqual([]);
});
