import { providerVariables } from "../config/providers.ts";
import type { ProviderVariable } from "../config/providers.ts";
import { readStoredEnv } from "../config/secrets.ts";
import type { CommandContext } from "./context.ts";

/** A variable and where its value comes from; the value itself never leaves this process's memory. */
export interface VariableState {
  readonly variable: ProviderVariable;
  readonly from: "shell" | "home" | undefined;
  readonly value: string | undefined;
}

/** The providers' variables, then whatever else is kept for this home. */
export function variableStates({ env, home }: Pick<CommandContext, "env" | "home">): VariableState[] {
  const kept = readStoredEnv(home.dir);
  const known = new Set(providerVariables.map(({ name }) => name));
  const others = Object.keys(kept)
    .filter((name) => !known.has(name))
    .map((name): ProviderVariable => ({ name, provider: "", isSecret: true }));
  return [...providerVariables, ...others].map((variable) => {
    const [own, stored] = [env[variable.name], kept[variable.name]];
    if (own) return { variable, from: "shell", value: own };
    return stored ? { variable, from: "home", value: stored } : { variable, from: undefined, value: undefined };
  });
}
