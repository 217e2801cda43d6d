import { CliError, usage } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { keyText } from "./messages/keys.ts";

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30m`, `12h` or `30d` in milliseconds. @throws CliError of usage that says how one is written. */
export function durationMs(text: string, { t }: Pick<CommandContext, "t">): number {
  const match = /^(\d+(?:\.\d+)?)(m|h|d)$/.exec(text);
  const ms = match ? Math.round(Number(match[1]) * units[match[2] as keyof typeof units]) : 0;
  if (ms > 0) return ms;
  throw new CliError(usage, t(keyText.wrongTime, { value: text }), { hint: t(keyText.wrongTimeHint) });
}
