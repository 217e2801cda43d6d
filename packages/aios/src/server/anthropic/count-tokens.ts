import type { ResultOf } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { readBody } from "../body.ts";
import { carryEnd } from "../carry.ts";
import { answer, callHeaders, refuseCall } from "../exchange.ts";
import type { Exchange } from "../exchange.ts";
import { callerOf } from "../identity.ts";
import { toMessagesRequest } from "./request.ts";

/** `POST /v1/messages/count_tokens`: counted by the core that would answer where it can, else estimated. */
export async function countTokens(exchange: Exchange): Promise<void> {
  const { doors, incoming, outgoing } = exchange;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const bytes = await readBody(incoming, doors.maxBodyBytes);
  const { args, original } = toMessagesRequest(bytes, { headers, needsMaxTokens: false });
  const caller = callerOf(kernel, principal, { headers, body: original.members, onDetach: "abort" });
  const subscription = kernel.syscall("llm.count", args, { ...caller, original });
  const end = await carryEnd(exchange, subscription);
  if (!end) return;
  const { last, facts } = end;
  if (last.type === "syscall.failed") {
    refuseCall(exchange, { problem: last.error, subscription, facts });
    return;
  }
  const { inputTokens } = last.result as ResultOf<"llm.count">;
  answer(outgoing, JSON.stringify({ input_tokens: inputTokens }), {
    headers: callHeaders(exchange, subscription, facts),
  });
}
