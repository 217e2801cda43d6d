import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, ResultOf, SnapshotItem } from "@aiosjs/sdk/protocol";
import { endedCalls, heldCalls, madeAnew, overtaken } from "./held-calls.ts";
import type { Parts } from "./parts.ts";
import type { Process } from "./process.ts";

/** A process that goes on while it is copied is looked at anew so often. */
const TRIES = 20;

type Page = ResultOf<"proc.snapshot">;
interface Placed {
  readonly item: SnapshotItem;
  /** Where the next page goes on when it is the last one of its page. */
  readonly next: string;
}

type PageArgs = { seq: number } & Pick<ParsedArgsOf<"proc.snapshot">, "after" | "maxChars">;

/**
 * A page of all that a process is and holds, as it was after call `seq`, also while it goes on.
 * @throws SysError EBUSY on the last page when a call that an earlier one told as open has ended since: what it did may be among
 * what the process holds
 */
export async function snapshotPage(process: Process, args: PageArgs, parts: Parts): Promise<Page> {
  for (let left = TRIES; ; left--)
    try {
      return await onePage(process, args, parts);
    } catch (cause) {
      if (!isSysError(cause) || cause.code !== "EBUSY" || args.after !== undefined || left <= 1) throw cause;
    }
}

async function onePage(process: Process, { seq, after = "0 ", maxChars }: PageArgs, parts: Parts): Promise<Page> {
  const items: SnapshotItem[] = [];
  const space = after.indexOf(" ");
  let ended = Number(after.slice(0, space)) || 0;
  let chars = 0;
  for await (const { item, next } of itemsAfter(process, { seq, after: after.slice(space + 1) }, parts)) {
    items.push(item);
    if (item.is === "call" && item.state !== "intent") ended++;
    chars += JSON.stringify(item).length;
    if (chars >= maxChars) return { seq, items, next: `${ended} ${next}` };
  }
  if ((await endedCalls(parts, process, seq)) !== ended) throw overtaken(process, seq);
  return { seq, items, next: null };
}

/** First what it is, then its calls, then what it holds. `after`: `calls SEQ`, or the name of a holding and a place in it. */
async function* itemsAfter(
  process: Process,
  { seq, after }: { seq: number; after: string },
  parts: Parts,
): AsyncGenerator<Placed> {
  const space = after.indexOf(" ");
  const [part, place] = space < 0 ? [after, ""] : [after.slice(0, space), after.slice(space + 1)];
  if (part === "") yield { item: headOf(process, seq), next: "calls 0" };
  if (part === "" || part === "calls")
    for await (const item of heldCalls(parts, process, { seq, after: Number(place) || 0 }))
      yield { item, next: `calls ${item.seq}` };
  const { holdings } = parts;
  const first = part === "" || part === "calls" ? 0 : holdings.findIndex(({ name }) => name === part);
  if (first < 0) throw new SysError("EINVAL", `no page of a snapshot begins at ${JSON.stringify(after.slice(0, 100))}`);
  const at = { seq, anew: await madeAnew(parts, process, seq) };
  for (const [index, holding] of holdings.entries()) {
    if (index < first) continue;
    const { name } = holding;
    const from = name === part ? [place] : [];
    for await (const { place: reached, body } of holding.export(process, at, ...from))
      yield { item: { is: "held", holding: name, body }, next: `${name} ${reached}` };
  }
}

function headOf(process: Process, seq: number): SnapshotItem {
  const { pid, name, program, nice, class: urgency, model, capabilities, limits, onExhausted } = process;
  const { seen, userTexts, planned } = process;
  return {
    is: "process",
    pid,
    name: name.slice(0, 100),
    program: program as Extract<SnapshotItem, { is: "process" }>["program"],
    seq,
    nice,
    class: urgency,
    model,
    capabilities: [...capabilities],
    limits: [...limits],
    onExhausted,
    seen: { ...seen, readers: seen.readers && [...seen.readers] },
    userTexts: [...userTexts],
    ...(planned ? { planned: [...planned] } : {}),
  };
}
