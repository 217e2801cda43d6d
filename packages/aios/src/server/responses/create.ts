import type { ChatResult, Problem } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { parseObject, readBody } from "../body.ts";
import { carryWhole, carryStream } from "../carry.ts";
import type { Face } from "../carry.ts";
import { isPromptTooLong } from "../dialect.ts";
import type { Exchange } from "../exchange.ts";
import { returningCallerOf } from "../identity.ts";
import { createEventWriter } from "./events.ts";
import type { EventWriter } from "./events.ts";
import { toResponseRequest } from "./request.ts";
import type { ResponseRequest } from "./request.ts";
import { toResponse } from "./response.ts";
import { contextBefore } from "./stored.ts";
import { dialect } from "./tables.ts";

/** The call as the events of a response. */
function responseFace(call: string, { args, echo }: ResponseRequest, holdMs: number): Face {
  let events: EventWriter | undefined;
  const failed = (problem: Problem): string => events?.failed(problem) ?? "";
  return {
    holdMs,
    forwards: dialect,
    frames(event) {
      switch (event.type) {
        case "syscall.queued":
          events = createEventWriter({ call, createdAtMs: event.atMs, args, echo });
          return events.begun();
        case "syscall.started":
        case "syscall.requeued":
        case "syscall.asked":
        case "syscall.preempted":
        case "request.adapted":
          return "";
        case "syscall.failed":
          return failed(event.error);
        case "syscall.completed":
          return events?.completed(event) ?? "";
        case "text.delta":
        case "reasoning.delta":
        case "refusal.delta":
        case "tool-call.delta":
        case "output.delta":
          return events?.delta(event) ?? "";
      }
    },
    // Codex looks for this code in a stream alone, as OpenAI sends it; of a 400 it makes a request that is wrong for good.
    tells: isPromptTooLong,
    stopped: failed,
  };
}

/** `POST /v1/responses`. A client that leaves ends its call: there are no responses in the background. */
export async function createResponse(exchange: Exchange): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const principal = authenticate(kernel, incoming.headers);
  const bytes = await readBody(incoming, doors.maxBodyBytes);
  const body = parseObject(bytes);
  const caller = await returningCallerOf(kernel, principal, { headers: incoming.headers, body, onDetach: "abort" });
  const before = await contextBefore({ kernel, caller }, body);
  const request = toResponseRequest(body, before);
  // An upstream knows nothing of what the journal keeps: such a request is never sent on as it stands.
  const original = before.isResolved ? undefined : { dialect, body: bytes, members: body };
  const subscription = kernel.syscall("llm.chat", request.args, { ...caller, original });
  const { call } = subscription;
  if (request.isStreamed)
    return carryStream(exchange, subscription, responseFace(call, request, doors.waits.headersMs));
  await carryWhole(exchange, subscription, {
    forwards: dialect,
    write({ result, usage, timing }, { queuedAtMs }) {
      const standing = { is: "done" as const, result: result as ChatResult, usage, endedAtMs: timing.endedAt };
      return toResponse({ ...request, call, createdAtMs: queuedAtMs }, standing);
    },
  });
}
