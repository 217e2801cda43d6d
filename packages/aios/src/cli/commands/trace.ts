import type { ArgsOf, CallView, ResultOf } from "@aiosjs/sdk";
import { traceLine } from "../../tui/trace-line.ts";
import { CliError, usage } from "../cli-error.ts";
import { findProcess, markedCores } from "../find-process.ts";
import { processText } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";
import { instantOf } from "../since.ts";

type Context = ContextOf<"trace">;
type Trace = ResultOf<"proc.trace">;

const PAGE = 1_000;

export async function run(context: Context): Promise<number | void> {
  const { args, options, paint, width, t, lang, signal } = context;
  if (args.other !== undefined && !options.diff)
    throw new CliError(usage, t(processText.oneOrDiff), { hint: t(processText.oneOrDiffHint) });
  if (options.diff) return (await import("../trace-diff.ts")).traceDiff(context, filterOf(context));
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const marks = await markedCores(client);
  const tokens = (count: string) => t(processText.tokens, { count });
  const shown = new Set<string>();
  const show = (call: CallView): void => {
    shown.add(call.call);
    context.item(call, () => traceLine({ call, ...marks, paint, lang, tokens, hasPid: options.tree }, width));
  };
  const filter = { pid, tree: options.tree, ...filterOf(context) };
  let cursor: number | undefined;
  let page: Trace;
  let after: Record<string, number> | undefined;
  do {
    page = await client.proc.trace(
      { ...filter, afterSeq: options.after, limit: PAGE, ...(after ? { after } : {}) },
      { signal },
    );
    cursor ??= page.cursor;
    after = page.next ?? undefined;
    // What is still under way is shown when it has ended, or at once where nobody waits for more.
    for (const call of page.calls) if (!options.follow || page.hasEnded || !isOpen(call)) show(call);
  } while (after);
  if (options.follow && !page.hasEnded) {
    const early = new Set(shown);
    for (;;) {
      page = await client.proc.trace({ ...filter, endedAfter: cursor }, { signal });
      for (const call of page.calls) if (!early.delete(call.call)) show(call);
      ({ cursor } = page);
      if (page.hasEnded) break;
    }
  }
  if (shown.size === 0) context.say(t(isFiltered(context) ? processText.noSuchCalls : processText.noCalls, { name }));
}

const isOpen = ({ state }: CallView): boolean => state === "queued" || state === "running";

type Filter = Pick<ArgsOf<"proc.trace">, "names" | "states" | "minMs" | "since" | "until">;

function filterOf(context: Context): Filter {
  const { name, state, minMs, since, until } = context.options;
  const [from, to] = [instantOf(since, context), instantOf(until, context)];
  return {
    ...(name.length > 0 ? { names: [...name] } : {}),
    ...(state.length > 0 ? { states: [...state] } : {}),
    ...(minMs === undefined ? {} : { minMs }),
    ...(from === undefined ? {} : { since: from }),
    ...(to === undefined ? {} : { until: to }),
  };
}

const isFiltered = (context: Context): boolean => Object.keys(filterOf(context)).length > 0;
