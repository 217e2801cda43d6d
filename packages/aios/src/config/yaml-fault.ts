import { YAMLError } from "yaml";

/** Where a YAML file stops being one, and why: `config.yaml:3: Missing closing "quote`. */
export function yamlFault(path: string, cause: unknown): string {
  const message = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
  const line = cause instanceof YAMLError ? cause.linePos?.[0].line : undefined;
  return `${path}${line === undefined ? "" : `:${line}`}: ${message.replace(/ at line \d+, column \d+:?$/, "")}`;
}
