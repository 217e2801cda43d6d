import { expect, test } from "vitest";
import type { Outcome } from "./attack.ts";
import { countOf, verdictOf } from "./verdict.ts";

const seen: Outcome = { is: "escaped", how: "it told the secret" };
const refused: Outcome = { is: "held", why: "EPERM bpf" };
const unknown: Outcome = { is: "unknown", why: { is: "no-interpreter", name: "python3" } };

test("what is held counts only where the control got through", () => {
  expect(verdictOf(seen, refused)).toEqual({ is: "held" });
  expect(verdictOf(refused, refused)).toEqual({
    is: "unverified",
    why: { is: "refused", text: "EPERM bpf" },
    of: "control",
  });
  expect(verdictOf(unknown, refused)).toMatchObject({ is: "unverified", of: "control" });
});

test("an escape counts whatever became of the control", () => {
  for (const control of [seen, refused, unknown]) expect(verdictOf(control, seen).is).toBe("escaped");
});

test("a driver in which the attack could not be made has not held it", () => {
  expect(verdictOf(seen, unknown)).toMatchObject({ is: "unverified", of: "driver" });
  const rows = [refused, seen, unknown].map((outcome, index) => ({
    id: `attack-${index}`,
    kind: "escape" as const,
    control: seen,
    drivers: { one: outcome },
  }));
  expect(countOf(rows, "one")).toEqual({ held: 1, escaped: 1, unverified: 1 });
  expect(countOf(rows, "absent")).toEqual({ held: 0, escaped: 0, unverified: 0 });
});
