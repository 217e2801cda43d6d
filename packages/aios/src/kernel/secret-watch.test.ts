import { expect, test } from "vitest";
import { asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { looksLikeKey, secretForms } from "./secret-forms.ts";
import { SecretMatcher } from "./secret-matcher.ts";
import type { KnownSecret } from "./secret-port.ts";
import { createSecretWatch } from "./secret-watch.ts";
import { TextMatcher } from "./text-matcher.ts";

const value = 'p4ss/w"ord+für 秘密';
const secret: KnownSecret = { name: "secret://bank", value };
const [home, other] = [asTenantId("local"), asTenantId("other")];
const watchOf = (...secrets: KnownSecret[]) =>
  createSecretWatch({ of: (tenant) => (tenant === home ? secrets : []), all: () => secrets });

test("a value is found as it is and in each form that gives it away", () => {
  const matcher = new SecretMatcher([secret]);
  const bytes = Buffer.from(value);
  const forms = {
    plain: value,
    json: JSON.stringify({ value }),
    url: encodeURIComponent(value),
    "lower url": encodeURIComponent(value).replaceAll(/%../g, (escape) => escape.toLowerCase()),
    form: new URLSearchParams({ value }).toString(),
    hex: bytes.toString("hex"),
    "upper hex": bytes.toString("hex").toUpperCase(),
  };
  for (const [form, text] of Object.entries(forms))
    expect(matcher.nameIn(`before ${text} behind`), form).toBe("secret://bank");
  expect(matcher.nameIn(`before ${value.slice(0, -1)} behind`)).toBeUndefined();
});

test("base64 and base64url are found whatever stands in front and behind, at each alignment", () => {
  const matcher = new SecretMatcher([secret]);
  for (let before = 0; before < 7; before++)
    for (let behind = 0; behind < 4; behind++) {
      const whole = Buffer.concat([Buffer.alloc(before, "x"), Buffer.from(value), Buffer.alloc(behind, 0xff)]);
      for (const form of ["base64", "base64url"] as const)
        expect(matcher.nameIn(whole.toString(form)), `${before} ${behind} ${form}`).toBe("secret://bank");
    }
});

test("what a redacted text in base64 still shows of a value is a part of one byte at each end", () => {
  const matcher = new SecretMatcher([{ name: "[]", value: "0123456789abcdef" }]);
  expect(matcher.redact(Buffer.from("..0123456789abcdef.").toString("base64"))).toBe("Li4[]Lg==");
  expect(matcher.redact(Buffer.from(".0123456789abcdef..").toString("base64"))).toBe("Lj[]YuLg==");
});

test("each line of a private key is one of its forms, the words around it are none", () => {
  const pem =
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n";
  const matcher = new SecretMatcher([{ name: "secret://pem", value: pem }]);
  expect(matcher.redact("| MIIEvQIBADANBgkqhkiG9w0B\n| AQEFAASCBKcwggSjAgEAAoIB")).toBe(
    "| secret://pem\n| secret://pem",
  );
  expect(matcher.nameIn("-----BEGIN PRIVATE KEY-----")).toBeUndefined();
});

test("what people write where a key is asked for and none is needed is no key", () => {
  for (const word of ["ollama", "not-needed", "sk-no-key-required", "EMPTY", "lm-studio", "a sentence with 2 words"])
    expect(looksLikeKey(word), word).toBe(false);
  expect(looksLikeKey("sk-proj-4f0c9d2ab81e")).toBe(true);
});

test("arguments that hold a value anywhere are refused by the name of the secret, and never rewritten", () => {
  const watch = watchOf(secret);
  const hiding: readonly unknown[] = [
    { messages: [{ role: "user", content: [{ type: "text", text: `my key is ${value}` }] }] },
    { args: { [value]: 1 } },
    [[[Buffer.from(value).toString("base64")]]],
  ];
  for (const args of hiding) {
    const before = structuredClone(args);
    let refused: unknown;
    try {
      watch.refuse(home, "llm.chat", args);
    } catch (cause) {
      refused = cause;
    }
    expect(isSysError(refused) && `${refused.code} ${refused.message}`).toBe(
      "EPOLICY the arguments of llm.chat hold the value of secret://bank",
    );
    expect(args).toEqual(before);
  }
  expect(() => watch.refuse(home, "llm.chat", { messages: ["use secret://bank"] })).not.toThrow();
  expect(() =>
    watch.refuse(home, "llm.chat", { at: null, bytes: Buffer.from("x"), deep: nested(100_000) }),
  ).not.toThrow();
});

function nested(depth: number): unknown {
  let value: unknown = "end";
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

test("another tenant is not told whether what it guessed is right", () => {
  const watch = watchOf(secret);
  expect(() => watch.refuse(other, "llm.chat", { text: value })).not.toThrow();
  expect(watch.redact(other, { text: value })).toEqual({ text: value });
});

test("a result without secrets is the same object, and one with them is changed only where they stand", () => {
  const watch = watchOf(secret);
  const clean = { rows: [{ a: 1 }, { b: "text" }], none: null };
  expect(watch.redact(home, clean)).toBe(clean);
  const bytes = new Uint8Array([1]);
  const given = { rows: [{ a: 1 }, { b: `x${value}y` }], [value]: true, bytes };
  const taken = watch.redact(home, given);
  expect(taken).toEqual({ rows: [{ a: 1 }, { b: "xsecret://banky" }], "secret://bank": true, bytes });
  expect(taken.rows[0]).toBe(given.rows[0]);
});

test("a text that is cut anywhere is redacted as if it came whole", () => {
  const secrets = [secret, { name: "<a>", value: "abcdefgh" }, { name: "<b>", value: "abcdefghijkl" }];
  const text = `${value}|abcdefgh|abcdefghijkl|abcdefghijk|aabcdefghabcdefgh|${value.slice(0, 9)}`;
  const matcher = new SecretMatcher(secrets);
  const whole = matcher.redact(text);
  expect(whole).toBe(`secret://bank|<a>|<b>|<a>ijk|a<a><a>|${value.slice(0, 9)}`);
  const random = createSeededRandom(11);
  for (let round = 0; round < 500; round++) {
    const redactor = matcher.redactor();
    let got = "";
    for (let at = 0; at < text.length;) {
      const length = 1 + Math.floor(random.next() * 9);
      got += redactor.push(text.slice(at, at + length));
      at += length;
    }
    expect(got + redactor.rest()).toBe(whole);
  }
});

test("a secret that is set while something prints is taken out from then on", () => {
  let secrets: readonly KnownSecret[] = [];
  const redactor = createSecretWatch({ of: () => secrets, all: () => secrets }).redactor();
  expect(redactor.push(value)).toBe(value);
  secrets = [secret];
  expect(redactor.push(`${value} ${value.slice(0, 3)}`)).toBe("secret://bank ");
  secrets = [{ name: "<x>", value: "another-value" }];
  expect(redactor.push("!")).toBe(`${value.slice(0, 3)}!`);
});

test("many texts are found as one after the other would be", () => {
  const random = createSeededRandom(3);
  const letters = (length: number) => Array.from({ length }, () => "abc"[Math.floor(random.next() * 3)]).join("");
  for (let round = 0; round < 400; round++) {
    const texts = Array.from({ length: 1 + (round % 7) }, () => letters(3 + Math.floor(random.next() * 6)));
    const matcher = new TextMatcher(texts);
    const text = letters(80);
    for (let from = 0; from < 80; from++) expect(matcher.find(text, from), text).toEqual(slowly(texts, text, from));
  }
});

function slowly(texts: readonly string[], text: string, from: number) {
  for (let at = from; at < text.length; at++) {
    const here = texts.filter((one) => text.startsWith(one, at)).toSorted((a, b) => b.length - a.length)[0];
    if (here !== undefined) return { at, end: at + here.length, index: texts.indexOf(here) };
  }
  return undefined;
}

test("forms are long enough not to stand in texts that have nothing to do with them", () => {
  expect(secretForms("12345678").every(({ length }) => length >= 8)).toBe(true);
});
