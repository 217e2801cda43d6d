import type { CallView } from "@aiosjs/sdk";
import { shortCost, shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { fit, pad, widthOf } from "./width.ts";

export interface TraceState {
  readonly call: CallView;
  readonly simulatedCores: ReadonlySet<string>;
  readonly paint: Paint;
  /** For the time of day. */
  readonly lang: string;
  /** `1.2k tokens` in the reader's language. */
  readonly tokens: (count: string) => string;
}

/**
 * One syscall as strace would show it: `04:55:12.345 llm.chat(sum the invoice) = done  1.2k tokens  340ms+1.2s  $0.0012`.
 * The time before the plus sign it stood in run queues, the time after it ran.
 */
export function traceLine({ call, simulatedCores, paint, lang, tokens }: TraceState, width: number): string {
  const { timing, usage, state } = call;
  const at = clockTime(timing.queuedAt, lang);
  const isOpen = state === "queued" || state === "running";
  const outcome = state === "failed" ? `${call.code ?? ""} ${call.error ?? ""}`.trim() : isOpen ? `… ${state}` : "done";
  const isSimulated = simulatedCores.has(call.device.split("/")[0] ?? "");
  const spent = usage.inputTokens + usage.outputTokens;
  const figures = [
    spent > 0 ? tokens(shortCount(spent)) : "",
    isOpen ? "" : `${shortTime(timing.waitingMs)}+${shortTime(Math.max(0, timing.turnaroundMs - timing.waitingMs))}`,
    shortCost(usage.costUsd, isSimulated).replace(/^-$/, ""),
  ].filter(Boolean);
  const paintOutcome = (text: string) =>
    state === "failed" ? paint.bad(text) : isOpen ? paint.waiting(text) : paint.good(text);
  const tail = figures.join("  ");
  const fixed = widthOf(`${at}  ${call.name}() =   ${tail}`);
  // The outcome keeps at least half of what is left, the question gets the rest.
  const room = Number.isFinite(width) ? Math.max(0, width - fixed) : Number.MAX_SAFE_INTEGER;
  const shownOutcome = fit(outcome, Math.max(Math.ceil(room / 2), room - widthOf(call.detail)));
  const shownDetail = fit(call.detail.replace(/\s+/g, " "), room - widthOf(shownOutcome));
  const head = `${call.name}(${shownDetail})`;
  const column = Number.isFinite(width) ? Math.min(64, widthOf(head) + room - widthOf(shownOutcome + shownDetail)) : 0;
  const asked = pad(head, Math.max(widthOf(head), column));
  return `${paint.dim(at)}  ${asked} = ${paintOutcome(shownOutcome)}  ${paint.dim(tail)}`.trimEnd();
}

const clockTime = (atMs: number, lang: string): string =>
  new Date(atMs).toLocaleTimeString(lang, {
    hour12: false,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
