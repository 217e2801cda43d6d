import type { CallView } from "@aiosjs/sdk";
import { shortCost, shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { shortPid } from "./process-table.ts";
import { fit, pad, widthOf } from "./width.ts";

export interface TraceState {
  readonly call: CallView;
  readonly simulatedCores: ReadonlySet<string>;
  readonly recordedCores?: ReadonlySet<string>;
  readonly paint: Paint;
  /** Says whose call it is: several processes are shown. */
  readonly hasPid?: boolean;
  /** For the time of day. */
  readonly lang: string;
  /** `1.2k tokens` in the reader's language. */
  readonly tokens: (count: string) => string;
}

/**
 * One syscall as strace would show it: `04:55:12.345  llm.chat("sum it") = "42"  1.2k tokens  340ms+1.2s  $0.0012`.
 * The time before the plus sign it stood in run queues, the time after it ran. `detail` is the kernel's own summary.
 */
export function traceLine(shown: TraceState, width: number): string {
  const { call, simulatedCores, recordedCores, paint, lang, tokens } = shown;
  const { timing, usage, state } = call;
  const time = clockTime(timing.queuedAt, lang);
  const at = shown.hasPid ? `${time}  ${shortPid(call.pid)}` : time;
  const isOpen = state === "queued" || state === "running";
  const [core = ""] = call.device.split("/");
  const isSimulated = simulatedCores.has(core);
  const spent = usage.inputTokens + usage.outputTokens;
  const figures = [
    recordedCores?.has(core) ? "rec" : isSimulated && usage.costUsd === 0 ? "sim" : "",
    spent > 0 ? tokens(shortCount(spent)) : "",
    isOpen ? "" : `${shortTime(timing.waitingMs)}+${shortTime(Math.max(0, timing.turnaroundMs - timing.waitingMs))}`,
    usage.costUsd === 0 ? "" : shortCost(usage.costUsd, isSimulated),
  ];
  const tail = figures.filter(Boolean).join("  ");
  const ending =
    state === "failed"
      ? ` = ${call.code ?? ""} ${call.error ?? ""}`.trimEnd()
      : isOpen || state === "undone"
        ? ` … ${state}`
        : "";
  const detail = call.detail.replace(/\s+/g, " ");
  const room = Number.isFinite(width) ? Math.max(0, width - widthOf(at) - 4 - widthOf(tail)) : Number.POSITIVE_INFINITY;
  // Why it failed keeps at least half of the room, what was asked gets the rest.
  const shownEnding = fit(ending, Math.max(Math.ceil(room / 2), room - widthOf(detail)));
  const shownDetail = fit(detail, room - widthOf(shownEnding));
  const filled = Number.isFinite(room) ? pad("", room - widthOf(shownDetail) - widthOf(shownEnding)) : "";
  const painted = state === "failed" ? paint.bad(shownEnding) : paint.waiting(shownEnding);
  return `${paint.dim(at)}  ${shownDetail}${painted}${filled}  ${paint.dim(tail)}`.trimEnd();
}

const clockTime = (atMs: number, lang: string): string =>
  new Date(atMs).toLocaleTimeString(lang, {
    hour12: false,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
