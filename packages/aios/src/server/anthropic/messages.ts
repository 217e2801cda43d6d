import type { ChatResult } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { readBody } from "../body.ts";
import { carryWhole, carryStream } from "../carry.ts";
import type { Face } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { returningCallerOf } from "../identity.ts";
import { toMessage } from "./answer.ts";
import { threadDialect } from "./error.ts";
import { createFrameWriter, errorFrame, pingFrame } from "./frames.ts";
import { dialect } from "./hints.ts";
import { toMessagesRequest } from "./request.ts";

/** The call as a message's events. */
function messageFace(call: string, { stop, holdMs }: { stop: readonly string[]; holdMs: number }): Face {
  const frames = createFrameWriter({ call, stop });
  return {
    holdMs,
    forwards: dialect,
    beat: pingFrame,
    frames(event) {
      switch (event.type) {
        case "syscall.started":
          frames.model = event.device;
          return "";
        case "syscall.queued":
        case "syscall.requeued":
        case "syscall.asked":
        case "syscall.preempted":
        case "request.adapted":
          return "";
        case "syscall.failed":
          return errorFrame(event.error);
        case "syscall.completed":
          if (frames.model === "") frames.model = (event.result as ChatResult).model;
          return frames.completed(event);
        case "text.delta":
        case "reasoning.delta":
        case "refusal.delta":
        case "tool-call.delta":
        case "output.delta":
          return frames.delta(event);
      }
    },
    stopped: errorFrame,
  };
}

/** `POST /v1/messages`. A client that leaves ends its call: nobody else could read the answer. */
export async function messages(asked: Exchange): Promise<void> {
  const { doors, incoming } = asked;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const bytes = await readBody(incoming, doors.maxBodyBytes);
  const { args, isStreamed, original } = toMessagesRequest(bytes, { headers, needsMaxTokens: true });
  const isThreaded = (original.members["thread"] ?? undefined) !== undefined;
  const exchange = isThreaded ? { ...asked, dialect: threadDialect } : asked;
  const caller = await returningCallerOf(kernel, principal, { headers, body: original.members, onDetach: "abort" });
  const subscription = kernel.syscall("llm.chat", args, { ...caller, original });
  const stop = args.stop ?? [];
  if (isStreamed) {
    await carryStream(exchange, subscription, messageFace(subscription.call, { stop, holdMs: doors.waits.headersMs }));
    return;
  }
  await carryWhole(exchange, subscription, {
    forwards: dialect,
    write: ({ result, usage }) => toMessage(result as ChatResult, { call: subscription.call, usage, stop }),
  });
}
