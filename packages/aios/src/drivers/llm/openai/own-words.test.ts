import { expect, test } from "vitest";
import { createSeededRandom } from "../../random/seeded.ts";
import { findMembers, toJson } from "./own-words.ts";

const originalOf = (text: string) => ({
  dialect: "openai",
  body: Buffer.from(text),
  members: JSON.parse(text) as Record<string, unknown>,
});

const textOf = (...given: Parameters<typeof toJson>): string => toJson(...given).toString();

test("messages and tools that need no change stand as the client wrote them, whatever else changes", () => {
  const messages = '[ {"content" : "a \\"b\\" \\u00e9 \\\\", "role":"user"},\n{"role":"assistant","content":"ü"} ]';
  const text = `{ "model":"fast", "messages" : ${messages} ,"stream":null, "tools": [1.50e0] }`;
  const body = { model: "m", max_tokens: 5, messages: originalOf(text).members["messages"], tools: [1.5] };
  expect(textOf(body, originalOf(text))).toBe(`{"model":"m","max_tokens":5,"messages":${messages},"tools":[1.50e0]}`);
});

test.each([
  ["another role", '[{"role":"developer","content":"hi"}]'],
  ["a member that is not sent", '[{"role":"system","content":"hi","name":null}]'],
  ["more messages", '[{"role":"system","content":"hi"},{"role":"user","content":"ho"}]'],
  [
    "a name that stands twice, which readers understand differently",
    '[{"role":"user","role":"system","content":"hi"}]',
  ],
  ["an object where the body has a list", '{"0":{"role":"system","content":"hi"}}'],
])("messages that say something else are written anew: %s", (_what, messages) => {
  const body = { model: "m", messages: [{ role: "system", content: "hi" }] };
  expect(textOf(body, originalOf(`{"messages":${messages}}`))).toBe(JSON.stringify(body));
});

test("another dialect's text is never sent", () => {
  const body = { model: "m", messages: [] };
  expect(textOf(body, { ...originalOf('{"messages":[ ]}'), dialect: "anthropic" })).toBe(JSON.stringify(body));
});

test("bytes that are no UTF-8 are never sent", () => {
  const body = Buffer.from('{"messages":["\xff"]}', "latin1");
  const members = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  expect(textOf({ model: "m", ...members }, { dialect: "openai", body, members })).toBe(
    '{"model":"m","messages":["\ufffd"]}',
  );
});

test("of messages that stand twice, those that JSON.parse takes are sent", () => {
  const text = '{"messages":[ 1 ],"m\\u0065ssages":[ 2 ]}';
  expect(textOf({ model: "m", messages: [2] }, originalOf(text))).toBe('{"model":"m","messages":[ 2 ]}');
  expect(textOf({ model: "m", messages: [1] }, originalOf(text))).toBe('{"model":"m","messages":[1]}');
});

test("in any JSON object each member is found where it stands", () => {
  const random = createSeededRandom(7);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const one = (texts: readonly string[]) => texts[below(texts.length)] as string;
  const gap = () => one(["", "", " ", "\n\t", "\r\n "]);
  const string = () =>
    `"${Array.from({ length: below(6) }, () => one(["a", "ü", "🌍", "{", "]", ":", ",", " ", '\\"', "\\\\", "\\n", "\\u0022", "\\u00e9"])).join("")}"`;
  const list = (open: string, close: string, item: () => string) =>
    `${open}${gap()}${Array.from({ length: below(4) }, item).join(`${gap()},${gap()}`)}${gap()}${close}`;
  const value = (depth: number): string => {
    const kind = below(depth > 3 ? 2 : 4);
    if (kind === 0) return one(["0", "-1.5e-7", "true", "false", "null", "12345678901234567890"]);
    if (kind === 1) return string();
    if (kind === 2) return list("[", "]", () => value(depth + 1));
    return list("{", "}", () => `${string()}${gap()}:${gap()}${value(depth + 1)}`);
  };
  let spliced = 0;
  for (let round = 0; round < 3_000; round++) {
    const names = ["messages", "tools", "model", "messag\\u0065s", 'a\\"b'];
    const text = `${gap()}${list("{", "}", () => `"${one(names)}"${gap()}:${gap()}${value(0)}`)}${gap()}`;
    const original = originalOf(text);
    const spans = findMembers(original.body, Object.keys(original.members));
    expect([...spans.keys()].toSorted()).toEqual(Object.keys(original.members).toSorted());
    for (const [name, { start, end }] of spans)
      expect(JSON.parse(original.body.toString("utf8", start, end))).toEqual(original.members[name]);
    const body = { ...original.members, model: "m" };
    const json = textOf(body, original);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(body)));
    if (json !== JSON.stringify(body)) spliced++;
  }
  expect(spliced).toBeGreaterThan(1_000);
});
