import type { Client, ResultOf } from "@aiosjs/sdk";
import { CliError, usage } from "../cli-error.ts";
import { commonText } from "../messages/common.ts";
import { memText } from "../messages/mem.ts";
import { filtersOf } from "../note-filters.ts";
import { contentLine } from "../note-text.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem forget">;

/** Ids that one call takes. */
const PAGE = 500;

export async function run(context: Context): Promise<number | void> {
  const { args, options, t, signal, isTty } = context;
  const ids = [...new Set(args.ids)];
  const filters = filtersOf(options, context);
  if (ids.length === 0 && Object.keys(filters).length === 0)
    throw new CliError(usage, t(memText.forgetWhat), { hint: t(memText.forgetWhatHint) });
  if (!options.yes && !isTty)
    throw new CliError(usage, t(commonText.noTerminal, { path: "mem forget" }), { hint: t(memText.forgetYes) });
  const client = await context.client();
  const lines = await linesOf(ids, client, context);
  if (!options.yes) {
    const { confirm, isCancel } = await import("@clack/prompts");
    for (const line of lines) context.say(line);
    const fitting = t(memText.forgetFitting, { filters: filtersText(options) });
    const message = Object.keys(filters).length === 0 ? t(memText.forgetThese) : fitting;
    const isWanted = await confirm({ message, initialValue: false, signal });
    if (isCancel(isWanted) || !isWanted) {
      context.say(t(memText.kept));
      return 130;
    }
  }
  let forgotten = 0;
  const forget = async (which: { ids?: string[] }): Promise<void> => {
    let page: ResultOf<"mem.forget">;
    do {
      page = await client.mem.forget({ ...which, ...filters }, { signal });
      forgotten += page.forgotten;
    } while (page.more);
  };
  if (ids.length === 0) await forget({});
  for (let start = 0; start < ids.length; start += PAGE) await forget({ ids: ids.slice(start, start + PAGE) });
  context.say(t(memText.forgotten, { count: forgotten }));
  if (Object.keys(filters).length === 0 && forgotten < ids.length)
    context.say(t(memText.notAll, { count: ids.length - forgotten }));
  context.result({ forgotten }, () => "");
}

/** What each note says; of a removed one, what it said. @throws SysError ENOENT before anything is erased */
async function linesOf(ids: readonly string[], client: Client, { width }: Context): Promise<string[]> {
  const lines: string[] = [];
  for (const id of ids) {
    const { versions } = await client.mem.history({ id, limit: 1 });
    const start = `  ${id}  `;
    lines.push(start + contentLine(versions[0] ?? { content: "" }, width - start.length));
  }
  return lines;
}

/** The filters as they were typed. */
function filtersText({ namespace, tag, keyword, tier, trust, uri, since, until }: Context["options"]): string {
  const filters = { namespace, tag, keyword, tier, trust, uri, since, until };
  return Object.entries(filters)
    .flatMap(([name, value]) => [value ?? []].flat().map((one) => `--${name} ${one}`))
    .join(" ");
}
