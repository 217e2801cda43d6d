import { homedir, platform } from "node:os";
import { resolve } from "node:path";
import { attackSandboxes } from "../../attacks/attack-sandboxes.ts";
import type { AttackReport } from "../../attacks/start-attacks.ts";
import { countOf, verdictOf } from "../../attacks/verdict.ts";
import { attackTableText } from "../messages/attacks.ts";
import type { DoctorContext, Finding } from "./finding.ts";

/** All attacks on this machine without a sandbox, and in every one that is available. Undefined: they are not written for it. */
export async function attackHere({ signal, home, config }: DoctorContext): Promise<AttackReport | undefined> {
  if (!["linux", "darwin"].includes(platform())) return undefined;
  const { guest, accelerator } = (await config()).config.sandbox.qemu;
  return await attackSandboxes({
    userHome: homedir(),
    signal,
    guest: { guest: resolve(home.dir, guest), accelerator },
  });
}

/** What holds programs on other systems alone: it was never attacked, and is said to be so wherever others were. */
const elsewhere = [
  { name: "seatbelt", system: "darwin", text: attackTableText.onMac, fix: attackTableText.onMacFix },
  { name: "wsl", system: "win32", text: attackTableText.onWindows, fix: attackTableText.onWindowsFix },
] as const;

export const elsewhereFindings = ({ t }: Pick<DoctorContext, "t">, here: NodeJS.Platform = platform()): Finding[] =>
  elsewhere
    .filter(({ system }) => system !== here)
    .map(({ name, text, fix }) => ({
      check: t(attackTableText.driver, { name, tier: "process" }),
      state: "note",
      text: t(text),
      fix: t(fix),
    }));

/** One for each driver. An escape is broken; what could not be proven is never taken for held. */
export function sandboxFindings(report: AttackReport | undefined, { t }: Pick<DoctorContext, "t">): Finding[] {
  const check = t(attackTableText.attack);
  if (!report)
    return [{ check, state: "note", text: t(attackTableText.onWindows), fix: t(attackTableText.onWindowsFix) }];
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
