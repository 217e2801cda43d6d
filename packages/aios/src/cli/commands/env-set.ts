import { text as readAll } from "node:stream/consumers";
import { storeEnv } from "../../config/env-file.ts";
import { nearest } from "../../config/nearest.ts";
import { checkKey, providerVariables } from "../../config/providers.ts";
import type { ProviderVariable } from "../../config/providers.ts";
import { CliError, usage } from "../cli-error.ts";
import { commonText } from "../messages/common.ts";
import { envText } from "../messages/env.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"env set">;

export async function run(context: Context): Promise<number | void> {
  const { args, t, isTty } = context;
  if (args.name !== undefined && args.value !== undefined) {
    const value = args.value === "-" ? (await readAll(process.stdin)).trim() : args.value;
    if (value === "") throw new CliError(usage, t(envText.noValue, { name: args.name }));
    return keep(context, variableOf(args.name), value);
  }
  if (isTty) return ask(context);
  if (args.name === undefined)
    throw new CliError(usage, t(envText.noName), { hint: t(envText.noValueHint, { name: "NAME" }) });
  // Without a terminal and without a value there is still a pipe to read from, unless that is the terminal.
  if (process.stdin.isTTY)
    throw new CliError(usage, t(commonText.noTerminal, { path: "env set" }), {
      hint: t(envText.noValueHint, { name: args.name }),
    });
  const value = (await readAll(process.stdin)).trim();
  if (value === "")
    throw new CliError(usage, t(envText.noValue, { name: args.name }), {
      hint: t(envText.noValueHint, { name: args.name }),
    });
  return keep(context, variableOf(args.name), value);
}

const variableOf = (name: string): ProviderVariable =>
  providerVariables.find((each) => each.name === name) ?? { name, provider: "", isSecret: true };

async function keep(context: Context, variable: ProviderVariable, value: string): Promise<void> {
  const { t, home, env } = context;
  const { name, core, provider } = variable;
  if (provider === "") {
    const near = nearest(
      name,
      providerVariables.map((each) => each.name),
    );
    const hint = near ? ` (${t(commonText.didYouMean, { name: near })})` : "";
    context.say(`${t(envText.unknownName, { name })}${hint}`);
  }
  await storeEnv(home.dir, { [name]: value });
  const file = home.file("env");
  context.result({ name, file }, () => "");
  context.say(t(envText.kept, { name, file }));
  if (env[name]) context.say(t(envText.shellWins, { name }));
  const { config } = await context.config();
  const isUsed = config.llms.cores.some(({ apiKey }) => [apiKey].flat().includes(`env:${name}`));
  if (core && !isUsed) context.say(t(envText.next, { core }));
}

/** The dialogue: whose key, the key itself behind a mask, and whether the provider takes it. */
async function ask(context: Context): Promise<number | void> {
  const { t, env, signal } = context;
  const { confirm, isCancel, password, select, text } = await import("@clack/prompts");
  let variable = context.args.name === undefined ? undefined : variableOf(context.args.name);
  if (!variable) {
    const chosen = await select({
      message: t(envText.whichProvider),
      options: providerVariables.map((each) => ({ value: each.name, label: each.provider, hint: each.name })),
      maxItems: 10,
      signal,
    });
    if (isCancel(chosen)) return cancelled(context);
    variable = variableOf(chosen);
  }
  const { name } = variable;
  const validate = (typed: string | undefined) => (typed?.trim() ? undefined : t(envText.empty));
  const value = variable.isSecret
    ? await password({ message: t(envText.whichValue, { name }), mask: "•", validate, signal })
    : await text({ message: t(envText.whichPlace, { name }), validate, signal });
  if (isCancel(value)) return cancelled(context);
  if (variable.check) {
    context.say(t(envText.testing, { provider: variable.provider }));
    const { state, detail } = await checkKey(variable, value.trim(), { env, signal });
    context.say(`${t(envText[state])}${detail ? ` (${detail})` : ""}`);
    if (state !== "good") {
      const isWanted = await confirm({ message: t(envText.keepAnyway), initialValue: state !== "refused", signal });
      if (isCancel(isWanted) || !isWanted) return cancelled(context);
    }
  }
  return keep(context, variable, value.trim());
}

function cancelled({ t, say }: Context): number {
  say(t(envText.notKeptNow));
  return 130;
}
