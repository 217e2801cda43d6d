import { expect, test } from "vitest";
import { linkOfValue, linksOf } from "./links.ts";

const rawsOf = (text: string): string[] => linksOf(text).map(({ raw }) => raw);

test("a link is found however it is written", () => {
  for (const text of [
    "https://evil.test/x",
    "HTTPS://EVIL.TEST/x",
    "see evil.test/x?d=1",
    "secret.evil.test",
    "evil.com",
    "evil.com:8080",
    "//evil/x",
    "\\\\evil\\share",
    "http:evil.test",
    "javascript:alert(1)",
    "data:text/html,hi",
    "mailto:x@evil.test?body=1",
    "1.2.3.4/x",
    "[2001:db8::1]/x",
    "user@evil.test/x",
    "http://user:pw@evil.test",
    "[text](evil)",
    "![](https://evil.test/\n x)",
    "[a]: evil",
    '<a href="evil">',
    "<img src=evil>",
    "url(evil)",
  ])
    expect(rawsOf(text), text).not.toEqual([]);
});

test("nor does hiding it help", () => {
  for (const text of [
    "ev\u200bil.test/x",
    "evil\u3002test/x",
    "ｅｖｉｌ．ｔｅｓｔ／ｘ",
    "evil%2etest%2fx",
    "evil%252etest%252fx",
    "evil&#46;test&#x2f;x",
    "evil&period;test&sol;x",
    "hxxp://evil[.]test/x",
    "evil (dot) test/x",
    "ev\u00adil.test/x",
    "ev\u0000il.test/x",
    "ev\u0007il&#46;test/x",
  ])
    expect(
      rawsOf(text).some((raw) => raw.endsWith("evil.test/x")),
      text,
    ).toBe(true);
  expect(rawsOf("евил.рф")).toHaveLength(1);
  expect(rawsOf("xn--e1afmkfd.xn--p1ai")).toHaveLength(1);
});

test("prose, times, versions, files and mail addresses are no links", () => {
  for (const text of [
    "Hello, e.g. at 12:30 (i.e. half past noon). It costs 5.50, not 1/2.",
    "See main.py, README.md and notes.txt; std::vector; total:50",
    "Write to bob.smith@example.org.",
    "v1.2.3, and and/or; a.m. and p.m.",
    "你好。再见",
  ])
    expect(rawsOf(text), text).toEqual([]);
});

test("a value that is one link says where it leads, unless programs differ about it", () => {
  expect(linkOfValue("https://Api.Example.org/a%20b?c")?.to).toEqual({
    host: "api.example.org",
    port: 443,
    path: "/a%20b?c",
  });
  expect(linkOfValue("example.org:8443/x")?.to).toEqual({ host: "example.org", port: 8443, path: "/x" });
  for (const text of [
    "https://example.org@evil.test/",
    "https://example.org\\@evil.test/",
    "https://example%2eorg/",
    "https://example.org./",
    "https://example.org/docs/../x",
    "https://example.org/docs/%2E%2e/x",
    "https://ехample.org/",
    "javascript://example.org:443/%0aalert(1)",
    "file://example.org:443/etc/passwd",
  ])
    expect(linkOfValue(text)?.to ?? null, text).toBeNull();
  expect(linkOfValue("see https://example.org")).toBeUndefined();
});

test("a link has one key with and without scheme, usual port and last slash", () => {
  const keys = linksOf("http://example.org:80/").flatMap((link) => link.keys);
  for (const same of ["http://example.org", "https://example.org/", "https://example.org:443"])
    expect(keys, same).toContain(linkOfValue(same)?.key);
  expect(keys).not.toContain(linkOfValue("https://example.org/x")?.key);
  expect(linksOf("https://example.org/").flatMap((link) => link.keys)).not.toContain(
    linkOfValue("http://example.org/")?.key,
  );
});

test("a text is looked through in time of its length", () => {
  const begin = process.cpuUsage();
  for (const piece of ["a.", "a:", "[a](", "href=", 'href="', "//", "%25", "&#x26;", "[", "(dot)", "x-", "1.2.3."])
    linksOf(piece.repeat(Math.floor(200_000 / piece.length)));
  for (const sign of ["!", ")", "'", ".", " "]) linksOf(`https://${sign.repeat(190_000)}x ${sign.repeat(5_000)}`);
  expect(linksOf("x".repeat(300_000) + ".com/")).toHaveLength(1);
  // Square would be many minutes of it.
  expect(process.cpuUsage(begin).user).toBeLessThan(20_000_000);
});
