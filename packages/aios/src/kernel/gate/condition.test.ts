import { expect, test } from "vitest";
import { parseCondition } from "./condition.ts";
import type { Asked } from "./condition.ts";
import { labelOf } from "./label.ts";

const asked: Asked = {
  agents: ["research-1"],
  name: "mail_send",
  args: { to: "All@Example.org", items: [{ kind: "a" }, { kind: "b" }] },
  context: labelOf({ trust: "tool", confidentiality: "private" }),
  effects: ["sink"],
};

function holds(text: string, more: Partial<Asked> = {}): boolean {
  const parsed = parseCondition(text);
  if ("fault" in parsed) throw new Error(parsed.fault.message);
  return parsed.condition({ ...asked, ...more });
}

const faultOf = (text: string) => {
  const parsed = parseCondition(text);
  return "fault" in parsed ? parsed.fault : undefined;
};

test("a level of trust is reached from above, one of confidentiality from below", () => {
  expect(["kernel", "user", "workspace", "tool"].map((level) => holds(`context.${level}`))).toEqual(
    Array(4).fill(true),
  );
  expect(holds("context.untrusted")).toBe(false);
  expect(["public", "internal", "private"].map((level) => holds(`context.${level}`))).toEqual(Array(3).fill(true));
  expect(holds("context.secret")).toBe(false);
});

test("and binds closer than or, and parentheses closer than both", () => {
  expect(holds("context.private || context.secret && context.secret")).toBe(true);
  expect(holds("(context.private || context.secret) && context.secret")).toBe(false);
});

test("names and agents are told by patterns, arguments by their text in any case", () => {
  expect(holds('call.name == "mail_*" && agent in [research-*, other]')).toBe(true);
  expect(holds("call.name in [web/*]")).toBe(false);
  expect(holds('args.to == "all@example.org"')).toBe(true);
  expect(holds("args.items.*.kind in [b, c]")).toBe(true);
  expect(holds("args.items.1.kind == a")).toBe(false);
  expect(holds("call.effect in [write, sink]")).toBe(true);
  expect(holds("call.effect == read")).toBe(false);
});

test("what cannot be looked through holds what it is asked for", () => {
  const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), "x");
  expect(holds("args.to == nobody", { args: { to: deep } })).toBe(true);
});

test("a text that is no condition says where it stops being one, and what could stand there", () => {
  expect(faultOf("context.privat")).toMatchObject({ at: 0, word: "context.privat" });
  expect(faultOf("context.privat")?.known).toContain("context.private");
  expect(faultOf("call.effect in [sink, wirte]")).toMatchObject({
    at: 22,
    word: "wirte",
    known: expect.arrayContaining(["write"]),
  });
  expect(faultOf("context.private &&")).toMatchObject({ at: 18 });
  expect(faultOf("(context.private")).toMatchObject({ at: 16, known: [")"] });
  expect(faultOf("context.private context.secret")).toMatchObject({ at: 16 });
  expect(faultOf("!context.private")?.message).toMatch(/no negation/);
  for (const wrong of [
    "",
    " ",
    "&&",
    "call.name",
    "call.name ==",
    "call.name in []",
    'agent == "open',
    "args. == 1",
    "(".repeat(500),
  ])
    expect(faultOf(wrong), wrong).toBeDefined();
});
