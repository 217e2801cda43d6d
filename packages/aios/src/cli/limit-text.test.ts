import { isSysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { limitText, parseLimit } from "./limit-text.ts";

test("a limit is a resource, a number with its unit, and a window", () => {
  expect(parseLimit("tokens=10000/day")).toEqual({ resource: "tokens", window: "day", limit: 10_000 });
  expect(parseLimit("usd=0.5")).toEqual({ resource: "costUsd", window: "run", limit: 0.5 });
  expect(parseLimit("tokens=20k/hour")).toEqual({ resource: "tokens", window: "hour", limit: 20_000 });
  expect(parseLimit("tool-calls=5")).toEqual({ resource: "toolCalls", window: "run", limit: 5 });
  expect(parseLimit("toolCalls=5/month")).toEqual({ resource: "toolCalls", window: "month", limit: 5 });
  expect(parseLimit("wall=10m")).toEqual({ resource: "wallMs", window: "run", limit: 600_000 });
  expect(parseLimit("wallMs=250")).toEqual({ resource: "wallMs", window: "run", limit: 250 });
  expect(parseLimit("calls=0")).toEqual({ resource: "calls", window: "run", limit: 0 });
});

test("what is no limit is refused with an example", () => {
  for (const text of [
    "",
    "tokens",
    "tokens=",
    "tokens=-1",
    "tokens=1/week",
    "bananas=3",
    "tokens=5x",
    "tokens=1e9",
    "usd=1s",
  ]) {
    let caught: unknown;
    try {
      parseLimit(text);
    } catch (cause) {
      caught = cause;
    }
    expect(isSysError(caught) && caught.code, text).toBe("EINVAL");
    expect(isSysError(caught) && caught.hint).toContain("tokens=10000/day");
  }
});

test("a limit that is printed reads back as itself", () => {
  for (const text of ["tokens=10000/day", "usd=0.5/run", "wall=10m", "tool-calls=3/hour"])
    expect(parseLimit(limitText(parseLimit(text)))).toEqual(parseLimit(text));
});
