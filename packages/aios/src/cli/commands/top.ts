import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ProcessView } from "@aiosjs/sdk";
import { isSysError } from "@aiosjs/sdk";
import { topPane } from "../../tui/top-pane.ts";
import { marksOf } from "../find-process.ts";
import { topWords } from "../messages/top.ts";
import type { ContextOf } from "../registry.ts";
import { openScreen, watchKeys } from "../screen.ts";

/** Processes of one state that are looked at; no screen has more lines. */
const MOST = 1_000;

export async function run(context: ContextOf<"top">): Promise<void> {
  const { options, lang, paint, width } = context;
  const client = await context.client();
  const words = topWords(lang);
  const look = async () => {
    const [status, { processes, unseen }, { lanes }] = await lookAt(client, options.all);
    return { status, processes, unseen, lanes, ...marksOf(status.cores), nowMs: Date.now(), words, paint };
  };
  let state = await look();
  const isLive = process.stdout.isTTY && !context.json && !context.jsonl;
  if (!isLive) {
    const { status, processes, lanes } = state;
    context.result({ status, processes, lanes }, () =>
      topPane({ ...state, words: { ...words, hint: "" } }, width, Infinity)
        .join("\n")
        .trimEnd(),
    );
    return;
  }
  using keys = watchKeys(["q", "Q"]);
  const signal = AbortSignal.any([context.signal, keys.signal]);
  const draw = () => screen.draw(topPane(state, screen.width, screen.height));
  using screen = openScreen(process.stdout, draw);
  while (!signal.aborted) {
    draw();
    try {
      await sleep(options.interval * 1_000, undefined, { signal });
      state = await look();
    } catch (cause) {
      if (!signal.aborted && !(isSysError(cause) && cause.code === "ECANCELED")) throw cause;
    }
  }
}

const lookAt = (client: Client, all: boolean) =>
  Promise.all([client.sys.status(), mostUrgent(client, all), client.llm.lanes()]);

/** The latest of those that have ended are shown first, so all of them are looked at. */
const roomFor = ([state]: State[]): number => (state === "zombie" ? MOST : process.stdout.rows || MOST);

type State = ProcessView["state"];

/** A screenful of each state, those at work first: what else there is is counted. */
async function mostUrgent(client: Client, all: boolean) {
  const kinds: State[][] = [
    ["running"],
    ["ready", "new"],
    ["suspended", "blocked"],
    ...(all ? [["zombie" as const]] : []),
  ];
  const pages = await Promise.all(kinds.map((states) => client.proc.list({ states, limit: roomFor(states) })));
  const processes = pages.flatMap((page) => page.processes);
  return { processes, unseen: pages.reduce((sum, { total }) => sum + total, -processes.length) };
}
