import { homedir } from "node:os";
import { attackSandboxes } from "../../attacks/attack-sandboxes.ts";
import type { AttackReport } from "../../attacks/start-attacks.ts";
import { countOf, verdictOf } from "../../attacks/verdict.ts";
import { attackTableText } from "../messages/attacks.ts";
import type { DoctorContext, Finding } from "./finding.ts";

/** All attacks on this machine without a sandbox, and in every one that is available. Undefined: they are written for Linux. */
export async function attackHere({ signal }: DoctorContext): Promise<AttackReport | undefined> {
  return process.platform === "linux" ? attackSandboxes({ userHome: homedir(), signal }) : undefined;
}

/** One for each driver. An escape is broken; what could not be proven is never taken for held. */
export function sandboxFindings(report: AttackReport | undefined, { t }: Pick<DoctorContext, "t">): Finding[] {
  const check = t(attackTableText.attack);
  if (!report) return [{ check, state: "note", text: t(attackTableText.onlyLinux) }];
  const { rows, drivers } = report;
  const findings = drivers.map(({ name, tier, missing }): Finding => {
    const driver = t(attackTableText.driver, { name, tier });
    if (missing) return { check: driver, state: "note", text: missing.why, fix: missing.fix };
    const { held, escaped, unverified } = countOf(rows, name);
    if (escaped > 0)
      return {
        check: driver,
        state: "broken",
        text: t(attackTableText.someEscaped, { escaped, count: rows.length }),
        fix: t(attackTableText.someEscapedFix),
      };
    if (held === 0) return { check: driver, state: "note", text: t(attackTableText.noneHeld) };
    return { check: driver, state: "ok", text: t(attackTableText.allHeld, { held, unverified }) };
  });
  if (drivers.some(({ missing }) => missing === undefined)) return findings;
  return [...findings, { check, state: "note", text: t(attackTableText.none), fix: t(attackTableText.noneFix) }];
}

/** The rows as `--json` carries them: ids do not change with the language. */
export const attacksOf = ({ rows }: AttackReport): object[] =>
  rows.map(({ id, kind, control, drivers }) => ({
    id,
    kind,
    control: control.is === "escaped" ? { is: "succeeded", how: control.how } : control,
    drivers: Object.fromEntries(Object.entries(drivers).map(([name, outcome]) => [name, verdictOf(control, outcome)])),
  }));
