import { isSysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createGuard, isLoopback } from "./guard.ts";

const codeOf = (action: () => void): string => {
  try {
    action();
    return "passed";
  } catch (error) {
    return isSysError(error) ? error.code : "not a SysError";
  }
};

const guard = createGuard({ allowedHosts: ["aios.example", "other.example:8443"] });

test("every name of the loopback is ours, with any port", () => {
  for (const host of ["localhost", "localhost:4141", "LOCALHOST.", "127.0.0.1:1", "127.8.9.1", "[::1]:4141", "[::1]"])
    expect(codeOf(() => guard({ host }))).toBe("passed");
});

test("a page that let its own name point to the loopback is refused by its Host", () => {
  for (const host of [
    "evil.example:4141",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "1127.0.0.1",
    "127.0.0.1@evil.example",
  ])
    expect(codeOf(() => guard({ host }))).toBe("EACCES");
});

test("a request without a Host is wrong", () => {
  expect(codeOf(() => guard({}))).toBe("EINVAL");
  expect(codeOf(() => guard({ host: "" }))).toBe("EINVAL");
});

test("allowed hosts are taken with any port, or with the one they name", () => {
  expect(codeOf(() => guard({ host: "aios.example:9" }))).toBe("passed");
  expect(codeOf(() => guard({ host: "other.example:8443" }))).toBe("passed");
  expect(codeOf(() => guard({ host: "other.example:1" }))).toBe("EACCES");
});

test("a page of a foreign origin is refused even when it asks by our name", () => {
  const host = "127.0.0.1:4141";
  for (const origin of [
    "https://evil.example",
    "null",
    "file://",
    "http://127.0.0.1:4141@evil.example",
    "http://localhost.evil.example",
  ])
    expect(codeOf(() => guard({ host, origin }))).toBe("EACCES");
  for (const origin of ["http://127.0.0.1:4141", "http://localhost:5173", "https://aios.example"])
    expect(codeOf(() => guard({ host, origin }))).toBe("passed");
});

test("what a refusal says names the host and the setting", () => {
  expect(() => guard({ host: "evil.example" })).toThrowError(/"evil.example" is not served here/);
});

test("addresses of the whole network are not the loopback", () => {
  expect(["127.0.0.1", "::1", "localhost"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "::", "192.168.1.4", "127.0.0.1.example"].some(isLoopback)).toBe(false);
});
