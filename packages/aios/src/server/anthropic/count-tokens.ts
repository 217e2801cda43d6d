import type { ResultOf } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { readBody } from "../body.ts";
import { carryWhole } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { callerOf } from "../identity.ts";
import { toMessagesRequest } from "./request.ts";

/** `POST /v1/messages/count_tokens`: counted by the core that would answer where it can, else estimated. */
export async function countTokens(exchange: Exchange): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const bytes = await readBody(incoming, doors.maxBodyBytes);
  const { args, original } = toMessagesRequest(bytes, { headers, needsMaxTokens: false });
  const caller = callerOf(kernel, principal, { headers, body: original.members, onDetach: "abort" });
  const subscription = kernel.syscall("llm.count", args, { ...caller, original });
  await carryWhole(exchange, subscription, {
    write: ({ result }) => ({ input_tokens: (result as ResultOf<"llm.count">).inputTokens }),
  });
}
