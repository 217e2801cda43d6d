import { isTerminal, SysError } from "@aiosjs/sdk/protocol";
import type {
  ChatArgs,
  ChatResult,
  Errno,
  Message,
  Problem,
  ResultOf,
  SysEvent,
  Timing,
  Usage,
} from "@aiosjs/sdk/protocol";
import type { Caller, Kernel } from "../../kernel/ports.ts";
import type { Members } from "../openai/fields.ts";
import * as fields from "../openai/fields.ts";
import { inputItems } from "./input-items.ts";
import { outputItems, responsePrefix } from "./output.ts";
import type { Item } from "./output.ts";
import { echoOf } from "./response.ts";
import type { Echo, Standing } from "./response.ts";
import { itemsOf } from "./request.ts";
import type { Before } from "./request.ts";

/** A response as the journal has it: the row of its call is all there is. */
export interface Stored {
  readonly call: string;
  readonly args: ChatArgs;
  readonly echo: Echo;
  readonly state: ResultOf<"llm.recall">["state"];
  readonly result: ChatResult | null;
  readonly problem: Problem | null;
  readonly usage: Usage;
  readonly timing: Timing;
}

export interface Reader {
  readonly kernel: Kernel;
  readonly caller: Caller;
}

/** ENOENT that knows which member named what is not there. */
export class NotStored extends SysError {
  readonly param: string;

  constructor(param: string, message: string) {
    super("ENOENT", message, {
      hint: "it was made with store: false, was deleted, belongs to another key's tenant, or is older than the journal keeps",
    });
    this.param = param;
  }
}

/** The call behind the id of a response; undefined for what is no such id. */
export const callOf = (id: string): string | undefined =>
  id.startsWith(responsePrefix) ? id.slice(responsePrefix.length) : undefined;

/** A syscall's last event: its result, or the error it failed with. */
export async function ask({ kernel, caller }: Reader, name: string, args: unknown): Promise<unknown> {
  let last: SysEvent | undefined;
  for await (const batch of kernel.syscall(name, args, caller)) last = batch.at(-1);
  if (last !== undefined && isTerminal(last)) {
    if (last.type === "syscall.completed") return last.result;
    const { code, detail, hint, retryAfterMs } = last.error;
    throw new SysError(code, detail, { hint, retryAfterMs });
  }
  throw new SysError("EIO", `${name} ended without a result`);
}

/** A response of the caller's tenant; undefined where there is none under this id, or it was not to be stored. */
export async function recall(reader: Reader, call: string): Promise<Stored | undefined> {
  let shown: ResultOf<"llm.recall">;
  try {
    shown = (await ask(reader, "llm.recall", { call })) as typeof shown;
  } catch (cause) {
    if ((cause as { code?: Errno }).code === "ENOENT") return undefined;
    throw cause;
  }
  const args = shown.request as ChatArgs;
  const echo = echoOf(args);
  if (!echo) return undefined;
  const { state, usage, timing } = shown;
  return {
    call,
    args,
    echo,
    state,
    result: shown.result as ChatResult | null,
    problem: shown.error as Problem | null,
    usage,
    timing,
  };
}

export function standingOf({ state, result, problem, usage, timing }: Stored): Standing {
  if (state === "queued") return { is: "queued" };
  if (result) return { is: "done", result, usage, endedAtMs: timing.endedAt };
  return problem ? { is: "failed", problem } : { is: "in_progress" };
}

export const storedItems = ({ call, args, echo }: Stored): Item[] =>
  inputItems(args, { call, known: echo.known, hasInstructions: echo.hasInstructions });

/** What was said up to the end of a response, its instructions apart: they are not carried over. */
const contextOf = ({ args, echo }: Stored, result: ChatResult): Message[] => [
  ...args.messages.slice(echo.hasInstructions ? 1 : 0),
  result.message,
];

/**
 * What stands before a request's own items: the context of `previous_response_id`, and earlier items for those that are
 * only referred to.
 * @throws NotStored
 */
export async function contextBefore(reader: Reader, body: Members): Promise<Before & { isResolved: boolean }> {
  const recalled = new Map<string, Promise<Stored | undefined>>();
  const find = (call: string): Promise<Stored | undefined> => {
    const known = recalled.get(call) ?? recall(reader, call);
    recalled.set(call, known);
    return known;
  };
  const path = "previous_response_id";
  const previous = fields.optionalText(body[path], path);
  let messages: Message[] = [];
  let added: readonly unknown[] = [];
  if (previous !== undefined) {
    const call = callOf(previous);
    const stored = call === undefined ? undefined : await find(call);
    if (!stored?.result) throw new NotStored(path, `Previous response with id '${previous}' not found.`);
    messages = contextOf(stored, stored.result);
    added = stored.echo.added;
  }
  let isResolved = previous !== undefined;
  const items: unknown[] = [];
  for (const item of itemsOf(body)) {
    const id = referenceOf(item);
    if (id === undefined) {
      items.push(item);
      continue;
    }
    isResolved = true;
    items.push(...(await itemsFor(id, find)));
  }
  return { messages, added, items, isResolved };
}

/** `{type: "item_reference", id}`, or the id alone. */
function referenceOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { type, id, ...rest } = item as { type?: unknown; id?: unknown };
  const isReference = type === "item_reference" || ((type === undefined || type === null) && !("role" in rest));
  return isReference && typeof id === "string" ? id : undefined;
}

const idPattern = /^(rs|msg|fc|ctc|in)_(.+)_(\d+)$/;

async function itemsFor(id: string, find: (call: string) => Promise<Stored | undefined>): Promise<readonly Item[]> {
  const [, kind, call, number] = idPattern.exec(id) ?? [];
  const stored = call === undefined ? undefined : await find(call);
  if (stored) {
    const { result, echo } = stored;
    const output = result ? outputItems(result, { call: stored.call, known: echo.known }) : [];
    const item = [...output, ...storedItems(stored)].find((one) => one["id"] === id);
    if (item) return [item];
    // A stream may tell reasoning or text in several items; on record they are the first one.
    if (
      (kind === "rs" || kind === "msg") &&
      Number(number) > 0 &&
      output.some(({ id: one }) => one === `${kind}_${call}_0`)
    )
      return [];
  }
  throw new NotStored("input", `Item with id '${id}' not found.`);
}
