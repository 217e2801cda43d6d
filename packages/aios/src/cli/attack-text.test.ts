import { expect, test } from "vitest";
import type { AttackReport } from "../attacks/start-attacks.ts";
import { attackIds } from "../attacks/trial.ts";
import { plain } from "../tui/paint.ts";
import { attackTable } from "./attack-text.ts";
import { attacksOf, elsewhereFindings, sandboxFindings } from "./doctor/sandbox.ts";
import { attackText } from "./messages/attacks.ts";
import { translate } from "./text.ts";
import type { Lang, Text, ValuesOf } from "./text.ts";

const reader = (lang: Lang) => ({
  t: <const T extends Text>(text: T, ...values: ValuesOf<T>) => translate(lang, text, ...values),
  paint: plain,
  width: Infinity,
});

const through = { is: "escaped", how: "it told the secret" } as const;
const held = { is: "held", why: "EPERM" } as const;

const report = (outcome: typeof through | typeof held): AttackReport => ({
  drivers: [
    { name: "strong", tier: "process" },
    { name: "absent", tier: "container", missing: { why: "no engine answers", fix: "start one" } },
  ],
  rows: [
    { id: "host-file", kind: "escape", control: through, drivers: { strong: outcome } },
    { id: "bpf", kind: "escape", control: held, drivers: { strong: held } },
  ],
});

test("every attack has a name in both languages, and no name is left over", () => {
  expect(Object.keys(attackText).toSorted()).toEqual(attackIds().toSorted());
});

test("the table says what is held, and why something is not verified, in both languages", () => {
  const english = attackTable(report(held), reader("en"));
  expect(english).toMatch(/read a file of the machine +succeeds +held/);
  expect(english).toMatch(/\(bpf\) +not verified +not verified/);
  expect(english).toContain(
    "without a sandbox it does not succeed either: EPERM\n    load programs into the kernel (bpf)",
  );
  expect(attackTable(report(held), reader("zh"))).toMatch(/读取本机文件 +成功 +已拦住/);
});

test("what is held where the control failed is not counted, and a driver that is away is a note", () => {
  expect(sandboxFindings(report(held), reader("en"))).toEqual([
    { check: "sandbox strong (process)", state: "ok", text: "1 attacks held, 0 escapes, 1 not verified" },
    { check: "sandbox absent (container)", state: "note", text: "no engine answers", fix: "start one" },
  ]);
});

test("an escape is told with how it was proven, and is broken", () => {
  expect(sandboxFindings(report(through), reader("en"))[0]).toMatchObject({ state: "broken" });
  expect(attackTable(report(through), reader("en"))).toContain(
    "read a file of the machine (host-file): it told the secret",
  );
  expect(attacksOf(report(through))[0]).toEqual({
    id: "host-file",
    kind: "escape",
    control: { is: "succeeded", how: "it told the secret" },
    drivers: { strong: through },
  });
});

test("a driver that held nothing provable is not in order, and neither is a machine for which no attacks are written", () => {
  const nothing = { ...report(held), rows: report(held).rows.slice(1) };
  expect(sandboxFindings(nothing, reader("en"))[0]).toMatchObject({
    state: "note",
    text: expect.stringContaining("not verified"),
  });
  expect(sandboxFindings(undefined, reader("en"))).toMatchObject([{ state: "note" }]);
});

test("what holds programs on another system is named as not verified, with how to verify it there", () => {
  expect(elsewhereFindings(reader("en"), "linux")).toMatchObject([
    { check: "sandbox seatbelt (process)", state: "note", text: expect.stringContaining("not verified") },
    { check: "sandbox wsl (process)", state: "note", fix: expect.stringContaining("in the WSL distribution") },
  ]);
  expect(elsewhereFindings(reader("zh"), "darwin")).toMatchObject([{ text: expect.stringContaining("未验证") }]);
});
