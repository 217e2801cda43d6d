import { isHeld } from "../../home-check.ts";
import { pad, widthOf } from "../../tui/width.ts";
import { checkCache } from "../doctor/cache.ts";
import { checkCores } from "../doctor/cores.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkMounts } from "../doctor/mounts.ts";
import { checkPrograms } from "../doctor/programs.ts";
import { checkConfig, checkJournalFile, checkKernel } from "../doctor/system.ts";
import { attackTableText } from "../messages/attacks.ts";
import { doctorText } from "../messages/doctor.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"doctor">): Promise<number> {
  return context.options.sandbox ? attack(context) : look(context);
}

async function attack(context: ContextOf<"doctor">): Promise<number> {
  const { t } = context;
  const [{ attackHere, attacksOf, elsewhereFindings, sandboxFindings }, { attackTable }] = await Promise.all([
    import("../doctor/sandbox.ts"),
    import("../attack-text.ts"),
  ]);
  context.say(t(attackTableText.slow));
  const report = await attackHere(context);
  const findings = [...sandboxFindings(report, context), ...(report ? elsewhereFindings(context) : [])];
  const broken = findings.filter(({ state }) => state === "broken").length;
  context.result({ findings, attacks: report ? attacksOf(report) : [], broken }, () =>
    [...(report ? [attackTable(report, context), ""] : []), textOf(findings, context)].join("\n"),
  );
  return broken === 0 ? 0 : 1;
}

async function look(context: ContextOf<"doctor">): Promise<number> {
  const { t } = context;
  const [machine, { config, findings: configured }] = await Promise.all([checkMachine(context), checkConfig(context)]);
  const [kernel, mounts, cores, cache] = await Promise.all([
    checkKernel(context, config),
    isHeld(context.home.dir) ? checkMounts(context) : Promise.resolve([]),
    config ? checkCores(context, config) : Promise.resolve([]),
    config ? checkCache(context, config) : Promise.resolve([]),
  ]);
  const journal = config ? [checkJournalFile(context, config)] : [];
  const programs = checkPrograms(context);
  const findings = [machine, configured, kernel, journal, mounts, cores, cache, programs].flat();
  const broken = findings.filter(({ state }) => state === "broken").length;
  context.result({ findings, broken }, () => textOf(findings, context));
  context.say(broken === 0 ? t(doctorText.allGood) : t(doctorText.someBroken, { count: broken }));
  return broken === 0 ? 0 : 1;
}

function textOf(findings: readonly Finding[], { paint }: ContextOf<"doctor">): string {
  const width = Math.max(...findings.map(({ check }) => widthOf(check)));
  const marks = { ok: paint.good("✓"), note: paint.waiting("!"), broken: paint.bad("✗") } as const;
  return findings
    .map(({ check, state, text, fix }) => {
      const line = `${marks[state]} ${pad(check, width)}  ${text}`;
      return fix ? `${line}\n${" ".repeat(width + 4)}${paint.dim("→")} ${fix}` : line;
    })
    .join("\n");
}
