import type { Client, ResultOf } from "@aiosjs/sdk";
import { CliError, conflict, notFound } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { cronText } from "./messages/cron.ts";

type TimerView = ResultOf<"cron.list">["timers"][number];

/** The timer of this id, or the only one of this name. @throws CliError not found (exit 3), or ambiguous (exit 6) */
export async function findTimer(client: Client, text: string, { t }: Pick<CommandContext, "t">): Promise<TimerView> {
  const { timers } = await client.cron.list();
  const exact = timers.find(({ id }) => id === text);
  if (exact) return exact;
  const [only, ...others] = timers.filter(({ name }) => name === text);
  if (!only) throw new CliError(notFound, t(cronText.unknown, { timer: text }), { hint: t(cronText.unknownHint) });
  if (others.length === 0) return only;
  const ids = [only, ...others].map(({ id }) => id).join(", ");
  throw new CliError(conflict, t(cronText.ambiguous, { timer: text, ids }));
}

/** `2026-11-22 07:30`, by the clocks of the zone; with seconds where there are some. */
export function wallTime(ms: number, timeZone: string): string {
  const timeStyle = ms % 60_000 === 0 ? "short" : "medium";
  return new Date(ms).toLocaleString("sv-SE", { timeZone, dateStyle: "short", timeStyle });
}
