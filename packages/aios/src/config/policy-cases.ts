import { dirname, resolve } from "node:path";
import { confidentialityLevels, gates, SysError, toolAccessSchema, trustLevels } from "@aiosjs/sdk/protocol";
import type { Gate } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { compilePolicy } from "../kernel/gate/compile.ts";
import { evaluate } from "../kernel/gate/evaluate.ts";
import { labelOf } from "../kernel/gate/label.ts";
import { shippedPolicy } from "../kernel/gate/shipped-policy.ts";
import type { JsonSchema } from "./keys.ts";
import { parseAs, readPolicyFile, readYamlText } from "./policy-file.ts";

const casesSchema = z.strictObject({
  /** Relative to this file; `shipped`: what holds where a home has none. */
  policy: z.string().min(1),
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        call: z.strictObject({
          /** Of a tool or a syscall. */
          name: z.string().min(1),
          agent: z.string().default(""),
          args: z.unknown().optional(),
          /** What its process has seen. */
          trust: z.enum(trustLevels).default("user"),
          conf: z.enum(confidentialityLevels).default("internal"),
          readers: z.array(z.string().min(1)).optional(),
          /** What people have told it. */
          said: z.array(z.string()).default([]),
          /** What whoever brings the tool says of it. */
          declared: toolAccessSchema.optional(),
        }),
        expect: z.strictObject({
          gate: z.enum(gates),
          effect: toolAccessSchema.shape.effect.optional(),
          /** Places in the policy, each of which has to be among the reasons: `tools.mail_send.sinkArgs.to`. */
          because: z.array(z.string().min(1)).default([]),
        }),
      }),
    )
    .min(1),
});

/** One case, and what came of it. */
export interface CaseOutcome {
  readonly name: string;
  /** `cases.yaml:4` */
  readonly where: string;
  readonly gate: Gate;
  readonly expected: Gate;
  readonly reasons: readonly { readonly gate: Gate; readonly where: string; readonly why: string }[];
  /** Empty: all is as expected. */
  readonly differences: readonly { readonly of: string; readonly expected: string; readonly got: string }[];
}

/**
 * Judges the calls of a file of cases by a policy, `policy` or the one that the file names; no kernel takes part.
 * @throws SysError EINVAL with file and line, ENOENT
 */
export function runPolicyCases(path: string, { policy: other }: { policy?: string | undefined } = {}): CaseOutcome[] {
  const text = readYamlText(path);
  const { policy, cases } = parseAs(casesSchema, text, {
    schema: () => z.toJSONSchema(casesSchema, { io: "input" }) as JsonSchema,
    hint: "a file of cases has `policy`, and `cases` with `name`, `call` and `expect`",
  });
  const twice = cases.findIndex(({ name }, index) => cases.findIndex((one) => one.name === name) < index);
  if (twice >= 0)
    throw new SysError(
      "EINVAL",
      `${text.whereOf(["cases", twice])}: another case is called "${cases[twice]?.name}" already`,
    );
  const file = other ?? (policy === "shipped" ? undefined : resolve(dirname(path), policy));
  const compiled = compilePolicy(file === undefined ? shippedPolicy : readPolicyFile(file));
  return cases.map(({ name, call, expect }, index) => {
    const { agent, args = {}, trust, conf: confidentiality, readers, said: userTexts, declared } = call;
    const context = labelOf({ trust, confidentiality, ...(readers ? { readers } : {}) });
    const verdict = evaluate(compiled, {
      agents: [agent],
      name: call.name,
      args,
      declared,
      context,
      userTexts,
      isGlassBroken: false,
    });
    const places = verdict.reasons.map((reason) => reason.where);
    return {
      name,
      where: text.whereOf(["cases", index]),
      gate: verdict.gate,
      expected: expect.gate,
      reasons: verdict.reasons,
      differences: [
        ...(verdict.gate === expect.gate ? [] : [{ of: "gate", expected: expect.gate, got: verdict.gate }]),
        ...(expect.effect === undefined || verdict.effect === expect.effect
          ? []
          : [{ of: "effect", expected: expect.effect, got: verdict.effect }]),
        ...(expect.because.every((place) => places.includes(place))
          ? []
          : [{ of: "because", expected: expect.because.join(", "), got: places.join(", ") || "nothing" }]),
      ],
    };
  });
}
