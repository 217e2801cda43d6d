import type { ChatResult, Problem } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { parseObject, readBody } from "../body.ts";
import { carryWhole, carryStream } from "../carry.ts";
import type { Face } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { returningCallerOf } from "../identity.ts";
import { toAnswer } from "./answer.ts";
import { createChunkWriter } from "./chunks.ts";
import { openaiDialect } from "./error.ts";
import { toChatRequest } from "./request.ts";

const errorFrame = (problem: Problem): string => `data: ${openaiDialect.body(problem, null)}\n\n`;

const dialect = "openai";
const idOf = (call: string): string => `chatcmpl-${call}`;
const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

/** The call as chunks. */
function chatFace(call: string, { includesUsage, holdMs }: { includesUsage: boolean; holdMs: number }): Face {
  let chunks: ReturnType<typeof createChunkWriter> | undefined;
  let created = 0;
  return {
    holdMs,
    forwards: dialect,
    frames(event) {
      switch (event.type) {
        case "syscall.queued":
          created = secondsOf(event.atMs);
          return "";
        case "syscall.started":
          chunks ??= createChunkWriter({ id: idOf(call), created, includesUsage });
          chunks.model = event.device;
          return "";
        case "syscall.requeued":
        case "syscall.asked":
        case "syscall.preempted":
        case "request.adapted":
          return "";
        case "syscall.failed":
          return errorFrame(event.error);
        case "syscall.completed":
          chunks ??= createChunkWriter({ id: idOf(call), created, includesUsage });
          if (chunks.model === "") chunks.model = (event.result as ChatResult).model;
          return chunks.completed(event);
        case "text.delta":
        case "reasoning.delta":
        case "refusal.delta":
        case "tool-call.delta":
        case "output.delta":
          return chunks?.delta(event) ?? "";
      }
    },
    stopped: errorFrame,
  };
}

/** `POST /v1/chat/completions`. A client that leaves ends its call: nobody else could read the answer. */
export async function chatCompletions(exchange: Exchange): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const principal = authenticate(kernel, incoming.headers);
  const bytes = await readBody(incoming, doors.maxBodyBytes);
  const body = parseObject(bytes);
  const { args, isStreamed, includesUsage } = toChatRequest(body);
  const caller = await returningCallerOf(kernel, principal, { headers: incoming.headers, body, onDetach: "abort" });
  const original = { dialect, body: bytes, members: body };
  const subscription = kernel.syscall("llm.chat", args, { ...caller, original });
  if (isStreamed) {
    await carryStream(
      exchange,
      subscription,
      chatFace(subscription.call, { includesUsage, holdMs: doors.waits.headersMs }),
    );
    return;
  }
  await carryWhole(exchange, subscription, {
    forwards: dialect,
    write: ({ result, usage }, { queuedAtMs }) =>
      toAnswer(result as ChatResult, { id: idOf(subscription.call), created: secondsOf(queuedAtMs), usage }),
  });
}
