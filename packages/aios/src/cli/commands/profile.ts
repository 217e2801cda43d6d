import type { CallView, Client, HistoryEvent } from "@aiosjs/sdk";
import { shortCost, shortCount, shortTime } from "../../tui/figures.ts";
import { profilePane } from "../../tui/profile-pane.ts";
import { profileOf } from "../../tui/profile.ts";
import { findProcess, markedCores } from "../find-process.ts";
import { profileText, profileWords } from "../messages/profile.ts";
import type { ContextOf } from "../registry.ts";

const PAGE = 5_000;

export async function run(context: ContextOf<"profile">): Promise<void> {
  const { args, options, lang, paint, width, t, signal } = context;
  const client = await context.client();
  const { pid, name, startedAt, endedAt } = await findProcess(client, args.pid, context);
  const [marks, calls, events] = await Promise.all([
    markedCores(client),
    allCalls(client, { pid, tree: options.tree }, signal),
    historyOf(client, pid),
  ]);
  const to = endedAt ?? Date.now();
  const profile = profileOf({ calls, from: startedAt, to, suspended: suspensionsIn(events, to) });
  const { usage, wallMs } = profile;
  const isSimulated = profile.groups.some((group) => marks.simulatedCores.has(group.name.split("/")[0] ?? ""));
  context.result({ pid, name, startedAt, endedAt, ...profile }, () => {
    const headline = t(profileText.headline, {
      name,
      pid,
      wall: shortTime(wallMs),
      calls: calls.length,
      tokens: shortCount(usage.inputTokens + usage.outputTokens),
      cost: shortCost(usage.costUsd, isSimulated),
    });
    const pane = profilePane({ profile, ...marks, words: profileWords(lang), paint }, width);
    return [paint.strong(headline), "", ...pane].join("\n");
  });
}

async function allCalls(
  client: Client,
  query: { pid: string; tree: boolean },
  signal: AbortSignal,
): Promise<CallView[]> {
  const calls: CallView[] = [];
  for (let after: Record<string, number> = {}; ;) {
    const page = await client.proc.trace({ ...query, after, limit: PAGE }, { signal });
    calls.push(...page.calls);
    if (page.next === null) return calls;
    after = page.next;
  }
}

async function historyOf(client: Client, pid: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (let after = 0; ;) {
    const page = await client.proc.history({ pid, after, limit: PAGE });
    events.push(...page.events);
    if (page.events.length < PAGE) return events;
    after = page.cursor;
  }
}

function suspensionsIn(events: readonly HistoryEvent[], to: number): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (const { topic, at } of events) {
    if (topic === "process.suspended") from ??= at;
    if (from === undefined || (topic !== "process.resumed" && topic !== "process.exited")) continue;
    spans.push({ from, to: at });
    from = undefined;
  }
  return from === undefined ? spans : [...spans, { from, to }];
}
