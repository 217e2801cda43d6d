import { asCallId, noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { Problem, ResultOf, SysEvent } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { carryEnd, carryStream } from "../carry.ts";
import type { Face } from "../carry.ts";
import { answer, callHeaders, refuseCall } from "../exchange.ts";
import type { Exchange } from "../exchange.ts";
import { callerOf } from "../identity.ts";
import { eventFrame, wantsEvents } from "./syscall.ts";

/** `Last-Event-ID`, or `after`: the index of the last event that the client has; −1 when it has none. */
function afterOf({ headers, url }: Exchange["incoming"]): number {
  const header = headers["last-event-id"];
  const query = new URLSearchParams(url?.split("?", 2)[1]).get("after");
  const text = (Array.isArray(header) ? header[0] : header) ?? query;
  if (text === null || text === undefined || text === "") return -1;
  const after = Number(text);
  if (Number.isSafeInteger(after) && after >= -1) return after;
  throw new SysError("EINVAL", `${header === undefined ? "after" : "Last-Event-ID"} is ${JSON.stringify(text)}`, {
    hint: "it takes the id of the last event that was received",
  });
}

const resumedFace = (after: number): Face => ({
  holdMs: 0,
  opensWith: () => true,
  frames: (event, index) => (index > after ? eventFrame(event, index) : ""),
  stopped: () => "",
});

/** The last event of a call whose record is gone, as the journal has it. */
function lastEvent(shown: ResultOf<"call.show">): SysEvent | undefined {
  const usage = shown.usage ?? noUsage;
  const timing = shown.timing ?? { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };
  if (shown.state === "done") return { type: "syscall.completed", result: shown.result, usage, timing };
  if (shown.state === "failed") return { type: "syscall.failed", error: shown.error as Problem, usage, timing };
  return undefined;
}

/**
 * `GET /v1/calls/{id}`: how the call stands, or its events from `Last-Event-ID` on. From the call's record while the
 * kernel holds it, else from the journal, which has the last event only.
 */
export async function call(exchange: Exchange, id: string): Promise<void> {
  const { doors, incoming, outgoing } = exchange;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const isStream = wantsEvents(headers.accept);
  const after = afterOf(incoming);
  const live = isStream ? kernel.subscribe(asCallId(id), principal) : undefined;
  if (live) return carryStream(exchange, live, resumedFace(after));
  const view = kernel.syscall("call.show", { call: id }, callerOf(kernel, principal, { headers, onDetach: "abort" }));
  const end = await carryEnd(exchange, view);
  if (!end) return;
  const { last, facts } = end;
  if (last.type === "syscall.failed") return refuseCall(exchange, { problem: last.error, subscription: view, facts });
  const shown = last.result as ResultOf<"call.show">;
  // About the call that was asked for, not about the view.
  const about = { ...callHeaders(exchange, view, facts), "x-aios-call": id, "x-aios-pid": shown.pid };
  if (!isStream) return answer(outgoing, JSON.stringify(shown), { headers: about });
  const event = lastEvent(shown);
  if (!event)
    throw new SysError("EAMBIGUOUS", `call ${id} was under way when the kernel stopped, and its end is not on record`, {
      hint: "a call without side effects can be made again",
    });
  answer(outgoing, eventFrame(event, after + 1), { contentType: "text/event-stream; charset=utf-8", headers: about });
}
