import { resolve } from "node:path";
import { runPolicyCases } from "../../config/policy-cases.ts";
import { policyText } from "../messages/policy.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"policy test">): Promise<number> {
  const { args, options, cwd, paint, t } = context;
  const policy = options.policy === undefined ? undefined : resolve(cwd, options.policy);
  const outcomes = runPolicyCases(resolve(cwd, args.file), { policy });
  for (const outcome of outcomes)
    context.item(outcome, () => {
      const { name, where, differences, reasons } = outcome;
      if (differences.length === 0) return `${paint.good("ok  ")}  ${name}`;
      return [
        `${paint.bad("FAIL")}  ${paint.strong(name)}  ${paint.dim(where)}`,
        ...differences.flatMap(({ of, expected, got }) => [
          paint.bad(`      - ${of}: ${expected}`),
          paint.good(`      + ${of}: ${got}`),
        ]),
        ...reasons.map((reason) => paint.dim(`        ${reason.gate} ${reason.where}: ${reason.why}`)),
      ].join("\n");
    });
  const failed = outcomes.filter(({ differences }) => differences.length > 0);
  context.say(t(policyText.passed, { passed: outcomes.length - failed.length, all: outcomes.length }));
  if (failed.length === 0) return 0;
  return failed.every(({ gate, expected }) => gate > expected) ? 5 : 1;
}
