import { expect, test } from "vitest";
import { createSseSplitter } from "./sse.ts";

function split(chunks: readonly (Buffer | string)[]): { events: string[]; rest: string } {
  const events: string[] = [];
  const splitter = createSseSplitter((data) => events.push(data));
  for (const chunk of chunks) splitter.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return { events, rest: splitter.end() };
}

test("an event is its data lines joined by newlines, without the one space after the colon", () => {
  expect(split(["data: a\ndata:b\ndata:  c\ndata\n\n"]).events).toEqual(["a\nb\n c\n"]);
});

test("comments and other fields are skipped, and lines may end in CRLF", () => {
  const text = ": keep-alive\r\n\r\nevent: x\r\nid: 1\r\nretry: 5\r\ndatabase: no\r\ndata: yes\r\n\r\n";
  expect(split([text]).events).toEqual(["yes"]);
});

test("blank lines without data make no event", () => {
  expect(split(["\n\n\ndata: a\n\n\n\n"]).events).toEqual(["a"]);
});

test("the last event counts without its blank line and without its newline", () => {
  expect(split(["data: a\n\ndata: [DONE]"])).toEqual({ events: ["a", "[DONE]"], rest: "" });
  expect(split(['data: {"a":1}\n'])).toEqual({ events: ['{"a":1}'], rest: "" });
});

test("half a line at the end is given back, not taken for an event", () => {
  expect(split(['data: a\n\ndata: {"choices":[{"del'])).toEqual({ events: ["a"], rest: 'data: {"choices":[{"del' });
});

test("a line that does not end is refused before it fills the memory", () => {
  const splitter = createSseSplitter(() => undefined);
  const megabyte = Buffer.alloc(1024 * 1024, "x");
  expect(() => {
    for (let i = 0; i < 20; i++) splitter.push(megabyte);
  }).toThrow(RangeError);
});

test("wherever packets cut the bytes, in a line end or inside a character, the events are the same", () => {
  const text =
    ': ok\r\n\r\ndata: {"text":"héllo 你好 🙂"}\r\n\r\ndata: 1\ndata: 2\n\nevent: e\ndata: 🙃\n\ndata: [DONE]\n\n';
  const bytes = Buffer.from(text);
  const expected = ['{"text":"héllo 你好 🙂"}', "1\n2", "🙃", "[DONE]"];
  expect(split([bytes]).events).toEqual(expected);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(split([bytes.subarray(0, cut), bytes.subarray(cut)]).events).toEqual(expected);
  }
  for (let size = 1; size < 9; size++) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    expect(split(pieces).events).toEqual(expected);
  }
});
