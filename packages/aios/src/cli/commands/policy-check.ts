import { resolve } from "node:path";
import { homePolicy, readPolicyFile } from "../../config/policy-file.ts";
import { CliError, notFound } from "../cli-error.ts";
import { policyText } from "../messages/policy.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"policy check">): Promise<void> {
  const { args, cwd, home, t } = context;
  const { config } = await context.config();
  const file = args.file === undefined ? home.file(config.policy.file ?? "policy.yaml") : resolve(cwd, args.file);
  const policy = args.file === undefined ? homePolicy(home.dir, config) : readPolicyFile(file);
  if (!policy)
    throw new CliError(notFound, t(policyText.noFile, { home: home.dir }), { hint: t(policyText.noFileHint) });
  context.result({ file, policy }, () => "");
  context.say(t(policyText.isRight, { file }));
}
