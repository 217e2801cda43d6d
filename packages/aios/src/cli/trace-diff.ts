import type { ArgsOf, CallView, Client } from "@aiosjs/sdk";
import { shortCost, shortCount, shortTime } from "../tui/figures.ts";
import { fit, widthOf } from "../tui/width.ts";
import { alignCalls } from "./align-calls.ts";
import type { AlignedCall, Mark } from "./align-calls.ts";
import { CliError, usage } from "./cli-error.ts";
import { findProcess } from "./find-process.ts";
import { processText } from "./messages/process.ts";
import type { ContextOf } from "./registry.ts";

type Context = ContextOf<"trace">;

/** Calls of one process that are compared; aligning takes the product of both counts. */
const MOST = 20_000;
const PAGE = 2_000;

/** Two processes' calls side by side, and where they part first. @returns 0 where they are the same, 1 where they are not. */
export async function traceDiff(context: Context, filter: Omit<ArgsOf<"proc.trace">, "pid">): Promise<number> {
  const { args, options, t } = context;
  if (args.other === undefined || options.follow || options.tree)
    throw new CliError(usage, t(processText.diffOfTwo), { hint: "aios trace --diff A B" });
  const client = await context.client();
  const [left, right] = await Promise.all([args.pid, args.other].map((text) => findProcess(client, text, context)));
  const [before, after] = await Promise.all(
    [left!, right!].map(({ pid }) => allCalls(client, { ...filter, pid, afterSeq: options.after, digests: true })),
  );
  const aligned = alignCalls(before!, after!);
  const parting = aligned.findIndex(({ mark }) => mark !== "=");
  const counts: Record<Mark, number> = { "=": 0, "~": 0, "-": 0, "+": 0 };
  for (const { mark } of aligned) counts[mark]++;
  const parted = parting < 0 ? null : placeOf(aligned[parting]!);
  context.result(
    { left: left!.pid, right: right!.pid, isSame: parting < 0, counts, parted, calls: aligned.map(dataOf) },
    () => aligned.map((each) => lineOf(each, context)).join("\n"),
  );
  if (Math.max(before!.length, after!.length) >= MOST) context.say(t(processText.diffCut, { count: MOST }));
  const names = { left: nameOf(left!), right: nameOf(right!) };
  const same = counts["="];
  if (!parted) context.say(t(processText.diffSame, { ...names, same }));
  else
    context.say(
      t(processText.diffParted, {
        ...names,
        same,
        other: counts["~"],
        less: counts["-"],
        more: counts["+"],
        at: parted.left === null ? `${names.right} #${parted.right}` : `${names.left} #${parted.left}`,
      }),
    );
  return parted ? 1 : 0;
}

async function allCalls(client: Client, query: ArgsOf<"proc.trace">): Promise<CallView[]> {
  const calls: CallView[] = [];
  for (let next: Record<string, number> | null = {}; next !== null && calls.length < MOST;) {
    const page = await client.proc.trace({ ...query, limit: PAGE, ...(calls.length > 0 ? { after: next } : {}) });
    calls.push(...page.calls);
    ({ next } = page);
  }
  return calls;
}

const nameOf = ({ name, pid }: { name: string; pid: string }): string => `${name} (${pid})`;
const placeOf = ({ left, right }: AlignedCall) => ({ left: left?.seq ?? null, right: right?.seq ?? null });
const dataOf = ({ mark, left, right }: AlignedCall) => ({ mark, left: left ?? null, right: right ?? null });

/** `~   12   14  llm.chat("…") = "a" ≠ "b"`: mark, numbers in both, what was asked, and what came where that differs. */
function lineOf({ mark, left, right }: AlignedCall, { paint, width }: Context): string {
  const number = (one: CallView | undefined) => (one ? String(one.seq) : "").padStart(5);
  const head = `${mark}${number(left)}${number(right)}  `;
  const room = width - head.length;
  const call = (left ?? right)!;
  // What differs keeps its room, what was asked gets the rest.
  const third = Math.floor((room - 6) / 3);
  const tail = mark === "~" ? ` = ${fit(endOf(left!), third)} ≠ ${fit(endOf(right!), third)}` : figuresOf(left, right);
  const text = mark === "~" ? askedOf(call) : textOf(call);
  const line = `${head}${fit(text, room - widthOf(tail))}${tail}`;
  switch (mark) {
    case "=":
      return paint.dim(line);
    case "~":
      return paint.waiting(line);
    case "-":
      return paint.bad(line);
    case "+":
      return paint.good(line);
  }
}

const textOf = (call: CallView): string =>
  `${call.detail}${call.code === null ? "" : ` = ${call.code} ${call.error ?? ""}`}`.replaceAll(/\s+/g, " ");

const askedOf = ({ detail }: CallView): string => {
  const end = detail.lastIndexOf(") = ");
  return (end < 0 ? detail : detail.slice(0, end + 1)).replaceAll(/\s+/g, " ");
};

/** What came, without what was asked. */
function endOf({ code, error, detail, state }: CallView): string {
  if (code !== null) return `${code} ${error ?? ""}`.trim();
  const end = detail.lastIndexOf(") = ");
  return end < 0 ? state : detail.slice(end + 4).replaceAll(/\s+/g, " ");
}

/** How much longer and dearer the second one was, where that is to be seen. */
function figuresOf(left: CallView | undefined, right: CallView | undefined): string {
  if (!left || !right) return "";
  const tokens = (call: CallView) => call.usage.inputTokens + call.usage.outputTokens;
  const parts = [
    tokens(left) === tokens(right) ? "" : `${shortCount(tokens(left))}→${shortCount(tokens(right))} tokens`,
    `${shortTime(left.timing.turnaroundMs)}→${shortTime(right.timing.turnaroundMs)}`,
    left.usage.costUsd === right.usage.costUsd
      ? ""
      : `${shortCost(left.usage.costUsd)}→${shortCost(right.usage.costUsd)}`,
  ];
  return `  ${parts.filter(Boolean).join("  ")}`;
}
