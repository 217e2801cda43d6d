import { expect, test } from "vitest";
import { isSaid, saidText } from "./spoken.ts";

const isIn = (value: string, text: string): boolean => isSaid(value, saidText(text));

test("a value is said where it stands as whole words, in any case and width", () => {
  for (const [value, text] of [
    ["bob@example.org", "Please write to Bob@Example.org."],
    ["bob@example.org", "To:bob@example.org, then stop"],
    ["Team Standup", "the  team\nstandup at nine"],
    ["50", "send 50 € (or 60)"],
    ["https://a.example/x?y=1", "read https://a.example/x?y=1, please"],
    ["ｂｏｂ", "ask bob!"],
    ["/etc/hosts", "open /etc/hosts"],
    ["alice", "alice,bob"],
    ["张三", "写给“张三”"],
  ] as const)
    expect(isIn(value, text), `${value} in ${text}`).toBe(true);
});

test("a piece of a longer name, address, path or number is not what was said", () => {
  for (const [value, text] of [
    ["example.org", "bob@example.org"],
    ["bob@example.org", "bob@example.org.evil.test"],
    ["bob@example.org", "notbob@example.org"],
    ["evil.test", "notevil.test"],
    ["5", "50"],
    ["5", "5,50 €"],
    ["1", "v1.2"],
    ["/etc", "/etc/hosts"],
    ["https://a.example/", "https://a.example/x"],
    ["hosts", "/etc/hosts"],
    ["bob", "bob-smith"],
    ["bob@example.org\nbcc: evil@example.test", "bob@example.org"],
    ["b\u200bob", "bob"],
    ["bоb", "bob"],
    ["3704", "DE89 3704 0044 0532 0130 00"],
    ["", "anything"],
    ["...", "wait ..."],
  ] as const)
    expect(isIn(value, text), `${JSON.stringify(value)} in ${text}`).toBe(false);
});

test("numbers of accounts and telephones may be grouped differently", () => {
  expect(isIn("DE89370400440532013000", "pay to DE89 3704 0044 0532 0130 00 today")).toBe(true);
  expect(isIn("DE89 3704 0044 0532 0130 00", "pay to DE89370400440532013000.")).toBe(true);
  expect(isIn("+491701234567", "call +49 (170) 123-4567")).toBe(true);
  expect(isIn("DE89370400440532013001", "pay to DE89 3704 0044 0532 0130 00 1")).toBe(false);
  expect(isIn("20245550", "in 2024 we had 5550")).toBe(false);
});

test("looking takes time in the length of both texts, whatever they hold", () => {
  const said = saidText("a ".repeat(32_000));
  const begin = process.cpuUsage();
  expect(isSaid(`${"a ".repeat(16_000)}b`, said)).toBe(false);
  expect(isSaid(`${"a".repeat(1_000_000)}b`, saidText("a".repeat(64_000)))).toBe(false);
  expect(isSaid("1".repeat(39), saidText("1 ".repeat(32_000)))).toBe(false);
  expect(isSaid("x.".repeat(5_000), saidText("x.".repeat(30_000)))).toBe(false);
  // Square would be half a minute of it.
  expect(process.cpuUsage(begin).user).toBeLessThan(5_000_000);
});
