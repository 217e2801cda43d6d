import type { ArgsOf } from "@aiosjs/sdk";
import type { TopicEvent } from "@aiosjs/sdk/protocol";
import { CliError, usage } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { topicText } from "./messages/topic.ts";

/** Prints an event in one line: `12 orders.new  {"id":7}`. */
export function showEvent(event: TopicEvent, { item, paint }: Pick<CommandContext, "item" | "paint">): void {
  const body = typeof event.body === "string" ? event.body : JSON.stringify(event.body);
  item(event, () => `${paint.dim(String(event.seq))} ${paint.strong(event.topic)}  ${body}`);
}

/** @throws CliError usage (exit 2) for what is no place in the event log. */
export function placeOf(
  from: string,
  { t }: Pick<CommandContext, "t">,
): NonNullable<ArgsOf<"topic.subscribe">["from"]> {
  if (from === "now" || from === "start") return from;
  if (/^\d{1,15}$/.test(from)) return Number(from);
  throw new CliError(usage, t(topicText.wrongPlace, { from }), { hint: t(topicText.wrongPlaceHint) });
}
