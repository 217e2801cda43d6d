import { expect, test } from "vitest";
import { isSamePlace } from "./fetch-page.ts";

const leads = (from: string, to: string): boolean => isSamePlace(new URL(to), new URL(from));

test("a page leads on within its host and port, and from plain to encrypted, and nowhere else by itself", () => {
  expect(leads("http://a.example/x", "https://a.example/y")).toBe(true);
  expect(leads("https://a.example/x", "https://A.example:443/y")).toBe(true);
  for (const [from, to] of [
    ["https://a.example/", "http://a.example/"],
    ["https://a.example/", "https://b.example/"],
    ["https://a.example/", "https://www.a.example/"],
    ["https://a.example/", "https://a.example:8443/"],
    ["http://a.example:8080/", "https://a.example/"],
    ["http://a.example/", "http://a.example:22/"],
  ] as const)
    expect(leads(from, to), `${from} ${to}`).toBe(false);
});
