import { expect, test } from "vitest";
import { createSeededRandom } from "../../random/seeded.ts";
import { findMembers, toJson } from "./splice.ts";

const originalOf = (text: string) => ({
  dialect: "openai",
  body: Buffer.from(text),
  members: JSON.parse(text) as Record<string, unknown>,
});

const textOf = (body: Record<string, unknown>, original: ReturnType<typeof originalOf>): string =>
  toJson(body, original, "openai").toString();

test("what needs no change stands as the client wrote it; the rest is replaced in its place, left out, or added", () => {
  const messages = '[ {"content" : "a \\"b\\" \\u00e9 \\\\", "role":"user"},\n{"role":"assistant","content":"ü"} ]';
  const text = `{ "model" : "fast", "x" : 1 ,"messages" : ${messages} ,"stream":null,\n"top_p": 1.0e0, "max_tokens":9 }`;
  const body = { model: "m", messages: originalOf(text).members["messages"], top_p: 1, max_completion_tokens: 5 };
  expect(textOf(body, originalOf(text))).toBe(
    `{ "model" : "m","messages" : ${messages} ,"stream":null,\n"top_p": 1.0e0,"max_completion_tokens":5}`,
  );
});

test("a request that needs no change is sent byte for byte", () => {
  const text = '{\n "model":"m" , "n" : null, "messages":[ {"role":"user","content":"\\u00e9"} ]\n}\n';
  expect(textOf({ model: "m", messages: originalOf(text).members["messages"] }, originalOf(text))).toBe(text);
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
  const body = { messages: [{ role: "system", content: "hi" }], model: "m" };
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

test("a body in which a name stands twice is written anew: its readers would understand it differently", () => {
  const text = '{"messages":[ 1 ],"m\\u0065ssages":[ 2 ]}';
  expect(textOf({ messages: [2], model: "m" }, originalOf(text))).toBe('{"messages":[2],"model":"m"}');
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
    const found = findMembers(original.body);
    // Of members that stand twice, JSON.parse takes the last.
    const last = new Map(
      found.map(({ name, value: { start, end } }) => [name, original.body.toString("utf8", start, end)]),
    );
    expect(Object.fromEntries([...last].map(([name, json]) => [name, JSON.parse(json) as unknown]))).toEqual(
      original.members,
    );
    const body = { ...original.members, model: "m" };
    const json = textOf(body, original);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(body)));
    if (json !== JSON.stringify(body) && new Set(found.map(({ name }) => name)).size === found.length) spliced++;
  }
  expect(spliced).toBeGreaterThan(1_000);
});
