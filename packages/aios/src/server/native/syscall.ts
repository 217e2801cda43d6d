import type { SysEvent } from "@aiosjs/sdk/protocol";
import type { Subscription } from "../../kernel/ports.ts";
import { authenticate } from "../auth.ts";
import { parseObject, readBody } from "../body.ts";
import { carryWhole, carryStream } from "../carry.ts";
import type { Face } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { returningCallerOf } from "../identity.ts";

export const eventFrame = (event: SysEvent, index: number): string =>
  `id: ${index}\ndata: ${JSON.stringify(event)}\n\n`;

/** Whether the client asks for a stream of events rather than for one answer. */
export const wantsEvents = (accept: string | undefined): boolean => accept?.includes("text/event-stream") === true;

/**
 * Every event of the call as it is; `id` is its index in the call. A stream that ends without a last event is no failure of
 * the call: the client subscribes again.
 */
const callFace = (subscription: Subscription, holdMs: number): Face => ({
  holdMs,
  opensWith: ({ type }) => type !== "syscall.queued",
  frames: eventFrame,
  stopped: () => "",
  // It cannot know the call's id, so nobody will come back for it.
  abandoned: () => subscription.cancel(),
});

/** `POST /v1/syscalls/{device.verb}`. The call goes on when its client leaves: it can come back for it. */
export async function syscall(exchange: Exchange, name: string): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const args = parseObject(await readBody(incoming, doors.maxBodyBytes));
  const subscription = kernel.syscall(
    name,
    args,
    await returningCallerOf(kernel, principal, { headers, onDetach: "keep" }),
  );
  if (wantsEvents(headers.accept))
    return carryStream(exchange, subscription, callFace(subscription, doors.waits.refusalMs));
  await carryWhole(exchange, subscription, {
    mayPend: true,
    write: ({ result, usage, timing }) => ({ result, usage, timing }),
  });
}
