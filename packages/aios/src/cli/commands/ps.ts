import type { ArgsOf, ProcessView, ResultOf } from "@aiosjs/sdk";
import { processTable, shortPid } from "../../tui/process-table.ts";
import { markedCores } from "../find-process.ts";
import { processText, processWords } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"ps">;
type Page = ResultOf<"proc.list">;

/** Processes asked for at once where all of them are wanted. */
const STREAM_PAGE = 5_000;
const JSON_PAGE = 1_000;
/** Lines of a terminal that are not for processes: the heading, how to get the next ones, the prompt. */
const OTHER_LINES = 4;
const LEAST_PAGE = 10;

export async function run(context: Context): Promise<void> {
  const { options, lang, paint, width, t, json, jsonl } = context;
  const client = await context.client();
  const isTerminal = Number.isFinite(width);
  const isStreamed = jsonl || (!json && !isTerminal);
  const fitting = Math.max(LEAST_PAGE, (process.stdout.rows || 24) - OTHER_LINES);
  const limit = isStreamed ? STREAM_PAGE : (options.limit ?? (isTerminal ? fitting : JSON_PAGE));
  const marks = await markedCores(client);
  const tableOf = (processes: readonly ProcessView[]) =>
    processTable({ processes, ...marks, nowMs: Date.now(), words: processWords(lang), paint }, width, Infinity);
  let left = options.limit ?? Infinity;
  let { after } = options;
  let isFirst = true;
  for (;;) {
    const page: Page = await client.proc.list(wanted(options, { limit: Math.min(limit, left), after }));
    const { processes, total, next } = page;
    if (isFirst && processes.length === 0) context.say(emptyText(context));
    if (jsonl) for (const one of processes) context.item(one, () => "");
    else
      context.result(page, () =>
        processes.length === 0
          ? ""
          : tableOf(processes)
              .slice(isFirst ? 0 : 1)
              .join("\n"),
      );
    if (isTerminal) tellWhoAsks(context, processes);
    isFirst = false;
    left -= processes.length;
    after = next ?? undefined;
    if (next !== null && (!isStreamed || left <= 0))
      context.say(t(processText.more, { shown: processes.length, total, command: commandFor(options, next) }));
    if (next === null || !isStreamed || left <= 0) return;
  }
}

function wanted(
  { all, state, kind, name }: Context["options"],
  page: { limit: number; after: string | undefined },
): ArgsOf<"proc.list"> {
  const states = state.map((each) => (each === "ended" ? "zombie" : each)) as NonNullable<
    ArgsOf<"proc.list">["states"]
  >;
  return {
    all,
    limit: page.limit,
    ...(states.length > 0 ? { states } : {}),
    ...(kind.length > 0 ? { kinds: [...kind] } : {}),
    ...(name.length > 0 ? { names: [...name] } : {}),
    ...(page.after === undefined ? {} : { after: page.after }),
  };
}

/** A state of its own says that they ask; this says what. */
function tellWhoAsks({ t, say }: Context, processes: readonly ProcessView[]): void {
  for (const { name, pid, asks } of processes)
    for (const id of asks ?? []) say(t(processText.waitsForApproval, { name, pid: shortPid(pid), id }));
}

function emptyText({ options, t }: Context): string {
  const { all, state, kind, name, after } = options;
  if (state.length + kind.length + name.length > 0 || after !== undefined) return t(processText.noneSuch);
  return t(all ? processText.noneAtAll : processText.none);
}

/** The same again, from where this page ended. */
function commandFor({ all, state, kind, name, limit }: Context["options"], next: string): string {
  const listed = (flag: string, values: readonly string[]) => values.map((value) => `--${flag} '${value}'`);
  return [
    "aios ps",
    ...(all ? ["-a"] : []),
    ...listed("state", state),
    ...listed("kind", kind),
    ...listed("name", name),
    ...(limit === undefined ? [] : [`--limit ${limit}`]),
    `--after ${next}`,
  ].join(" ");
}
