import { CliError, usage } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { commonText } from "./messages/common.ts";

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** `24h`, `7d`, `2026-11-01` or `2026-11-01T08:00Z` as an instant; undefined for anything else. A day begins at midnight UTC. */
export function parseSince(text: string, nowMs: number): number | undefined {
  const ago = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text);
  if (ago) return nowMs - Number(ago[1]) * (unitMs[ago[2] ?? ""] ?? 0);
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** The instant that an option names; undefined where it is not given. @throws CliError of usage that says how one is written. */
export function instantOf(text: string | undefined, { t }: Pick<CommandContext, "t">): number | undefined {
  if (text === undefined) return undefined;
  const instant = parseSince(text, Date.now());
  if (instant !== undefined) return instant;
  throw new CliError(usage, t(commonText.wrongInstant, { value: text }), { hint: t(commonText.wrongInstantHint) });
}
