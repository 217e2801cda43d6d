import { expect, test } from "vitest";
import { patternFor, readDestination } from "./host-pattern.ts";

test("odd spellings of an address are the address", () => {
  const spellings = {
    "0x7f.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0177.0.0.1": "127.0.0.1",
    "127.1.": "127.0.0.1",
    "①②⑦.⓪.⓪.①": "127.0.0.1",
    "[::FFFF:127.0.0.1]": "::ffff:7f00:1",
    "[0:0::1]": "::1",
    "0xa9fea9fe": "169.254.169.254",
  };
  for (const [written, host] of Object.entries(spellings))
    expect(readDestination(written, 80), written).toEqual({ host, port: 80, isAddress: true });
});

test("names are compared in lower-case ASCII without the dot of the root", () => {
  expect(readDestination("API.GitHub.com.", 443)).toEqual({ host: "api.github.com", port: 443, isAddress: false });
  expect(readDestination("Bücher.example", 443)?.host).toBe("xn--bcher-kva.example");
});

test("what is no host is none", () => {
  const none = ["", ".", "a..b", ".a", "a b", "user@host", "host/path", "host#x", "host?x", "a\\b", "a%2eb", "::1"];
  for (const host of [...none, "[fe80::1%25eth0]", "[::1", "1.2.3.4.5", "x".repeat(64) + ".".repeat(2), "a\0b", "a\nb"])
    expect(readDestination(host, 80), host).toBeUndefined();
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) expect(readDestination("a.example", port)).toBeUndefined();
});

test("a pattern names its host and port alone, and *. whatever is below it but not itself", () => {
  const patterns = ["api.github.com:443", "*.example.org:443", "any.example:*", "192.0.2.1:80", "[2001:DB8::1]:80"];
  const named = (host: string, port: number): string | undefined => patternFor(readDestination(host, port)!, patterns);
  expect(named("API.github.com.", 443)).toBe("api.github.com:443");
  expect(named("api.github.com", 80)).toBeUndefined();
  expect(named("evil-api.github.com", 443)).toBeUndefined();
  expect(named("api.github.com.evil.example", 443)).toBeUndefined();
  expect(named("a.b.example.org", 443)).toBe("*.example.org:443");
  expect(named("example.org", 443)).toBeUndefined();
  expect(named("evilexample.org", 443)).toBeUndefined();
  expect(named("any.example", 8080)).toBe("any.example:*");
  expect(named("192.0.2.1", 80)).toBe("192.0.2.1:80");
  expect(named("[2001:db8:0::1]", 80)).toBe("[2001:DB8::1]:80");
});

test("what is no pattern names nothing", () => {
  const destination = readDestination("api.example", 443)!;
  for (const pattern of ["*", "*:443", "*:*", "api.example", "https://api.example:443", "", "api.*:443", "*.:443"])
    expect(patternFor(destination, [pattern]), pattern).toBeUndefined();
  expect(patternFor(readDestination("1.2.3.4", 443)!, ["*.3.4:443", "*.4:443"])).toBeUndefined();
});
