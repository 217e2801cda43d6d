import type { ArgsOf, Limit } from "@aiosjs/sdk";
import { parseLimit } from "./limit-text.ts";

interface QualityOptions {
  readonly name: string | undefined;
  readonly nice: number | undefined;
  readonly class: "interactive" | "batch" | undefined;
  readonly limit: readonly string[];
  readonly usd: number | undefined;
  readonly onExhausted?: "suspend" | "hold" | "refuse" | undefined;
}

/**
 * `--name --nice --class --limit --usd --on-exhausted` as `proc.spawn` takes them. A project's limits narrow: of two for the same
 * resource and window the smaller one holds.
 * @throws SysError EINVAL for a limit that is none.
 */
export function spawnOptions(
  options: QualityOptions,
  projectLimits: readonly Limit[] = [],
): Omit<ArgsOf<"proc.spawn">, "program"> {
  const { name, nice, class: schedulingClass, limit, usd, onExhausted } = options;
  const asked: Limit[] = limit.map(parseLimit);
  if (usd !== undefined) asked.push({ resource: "costUsd", window: "run", limit: usd });
  const least = new Map<string, Limit>();
  for (const each of [...asked, ...projectLimits]) {
    const key = `${each.resource}/${each.window}`;
    if (each.limit <= (least.get(key)?.limit ?? Infinity)) least.set(key, each);
  }
  const limits = [...least.values()];
  return {
    ...(name === undefined ? {} : { name }),
    ...(nice === undefined ? {} : { nice }),
    ...(schedulingClass === undefined ? {} : { class: schedulingClass }),
    ...(onExhausted === undefined ? {} : { onExhausted }),
    ...(limits.length === 0 ? {} : { limits }),
  };
}

const interpreters =
  /^(?:python[\d.]*|pypy[\d.]*|node|deno|bun|tsx|ruby|perl|php|lua|rscript|bash|sh|zsh|dash|fish|pwsh|uv|uvx|npx|java)$/i;

/** What a command is called in `ps`: its script where an interpreter runs one, else its own name. */
export function nameOfCommand(command: readonly string[]): string {
  const [program = "command", ...rest] = command;
  const own = baseName(program);
  if (!interpreters.test(own)) return own;
  const script = rest.find((word) => !word.startsWith("-") && word !== "run" && word !== "-m");
  const moduleName = rest[rest.indexOf("-m") + 1];
  if (rest.includes("-m") && moduleName) return moduleName;
  // The text after -c or -e is code, no name.
  const isCode = rest.some((word) => /^-[a-z]*[ce]$|^--eval$/.test(word));
  return script && !isCode ? baseName(script).replace(/\.[a-z0-9]{1,4}$/i, "") || own : own;
}

const baseName = (path: string): string => path.split(/[\\/]/).at(-1) || path;
