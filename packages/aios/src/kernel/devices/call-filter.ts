import type { CallView, ParsedArgsOf } from "@aiosjs/sdk/protocol";
import { matcherOf } from "./pattern.ts";

type Filter = Pick<ParsedArgsOf<"proc.trace">, "names" | "states" | "minMs" | "since" | "until">;

/** What of a trace is wanted. */
export function filterOf({
  names,
  states,
  minMs = 0,
  since = 0,
  until = Infinity,
}: Filter): (call: CallView) => boolean {
  const isNamed = matcherOf(names);
  return ({ name, state, timing: { queuedAt, turnaroundMs } }) =>
    queuedAt >= since &&
    queuedAt < until &&
    turnaroundMs >= minMs &&
    (!states || states.includes(state)) &&
    isNamed(name);
}
