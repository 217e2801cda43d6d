import { SysError, toProblem } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { answer } from "../exchange.ts";
import type { Exchange } from "../exchange.ts";
import { callerOf } from "../identity.ts";
import { WrongMember } from "../openai/fields.ts";
import { toResponse } from "./response.ts";
import { ask, callOf, NotStored, recall, standingOf, storedItems } from "./stored.ts";
import type { Reader, Stored } from "./stored.ts";

function readerOf({ doors: { kernel }, incoming: { headers } }: Exchange): Reader {
  const principal = authenticate(kernel, headers);
  return { kernel, caller: callerOf(kernel, principal, { headers, onDetach: "abort" }) };
}

const queryOf = ({ incoming }: Exchange): URLSearchParams => new URLSearchParams(incoming.url?.split("?", 2)[1]);

/** @throws NotStored in the words of OpenAI. */
async function find(reader: Reader, id: string): Promise<Stored> {
  const call = callOf(id);
  const stored = call === undefined ? undefined : await recall(reader, call);
  if (!stored) throw new NotStored("response_id", `Response with id '${id}' not found.`);
  return stored;
}

function tell({ outgoing }: Exchange, { call }: Stored, body: unknown): void {
  answer(outgoing, JSON.stringify(body), { headers: { "x-aios-call": call } });
}

const shown = (stored: Stored): unknown =>
  toResponse({ ...stored, createdAtMs: stored.timing.queuedAt }, standingOf(stored));

/** `GET /v1/responses/{id}` */
export async function showResponse(exchange: Exchange, id: string): Promise<void> {
  const reader = readerOf(exchange);
  if (queryOf(exchange).get("stream") === "true")
    throw new WrongMember("stream", "a response is streamed once, to who asked for it", "read it without stream");
  const stored = await find(reader, id);
  tell(exchange, stored, shown(stored));
}

/** `DELETE /v1/responses/{id}`: neither shown nor continued any more, also after a restart. */
export async function deleteResponse(exchange: Exchange, id: string): Promise<void> {
  const reader = readerOf(exchange);
  const stored = await find(reader, id);
  await ask(reader, "llm.forget", { call: stored.call });
  tell(exchange, stored, { id, object: "response", deleted: true });
}

/**
 * `POST /v1/responses/{id}/cancel`: ends a response that somebody else still reads as a stream. One that has ended is
 * told as it is, so that cancelling twice is the same as once.
 */
export async function cancelResponse(exchange: Exchange, id: string): Promise<void> {
  const reader = readerOf(exchange);
  const stored = await find(reader, id);
  const isOpen = stored.state === "queued" || stored.state === "running";
  if (!isOpen) return tell(exchange, stored, shown(stored));
  await ask(reader, "call.cancel", { call: stored.call });
  const problem = toProblem(new SysError("ECANCELED", `response ${id} was cancelled`));
  tell(exchange, stored, toResponse({ ...stored, createdAtMs: stored.timing.queuedAt }, { is: "failed", problem }));
}

const mostItems = 100;

/** `GET /v1/responses/{id}/input_items`, a page at a time: `order` (default desc), `after`, `limit` (default 20). */
export async function listInputItems(exchange: Exchange, id: string): Promise<void> {
  const reader = readerOf(exchange);
  const query = queryOf(exchange);
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostItems)
    throw new WrongMember("limit", `expected a whole number from 1 to ${mostItems}`);
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw new WrongMember("order", "expected asc or desc");
  const stored = await find(reader, id);
  const items = storedItems(stored);
  if (order === "desc") items.reverse();
  const after = query.get("after");
  const start = after === null ? 0 : items.findIndex((item) => item["id"] === after) + 1;
  if (after !== null && start === 0) throw new SysError("EINVAL", `after: no item ${JSON.stringify(after)}`);
  const data = items.slice(start, start + limit);
  const page = {
    object: "list",
    data,
    has_more: start + limit < items.length,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
  };
  tell(exchange, stored, page);
}
