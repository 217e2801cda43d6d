import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@aiosjs/sdk";
import { demoPane } from "../../tui/demo-pane.ts";
import type { DemoState } from "../../tui/demo-pane.ts";
import { demoSummary } from "../../tui/demo-summary.ts";
import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf } from "../../tui/width.ts";
import type { CommandContext } from "../context.ts";
import { demoText, demoWords } from "../messages/demo.ts";
import { kernelText } from "../messages/kernel.ts";
import { openScreen } from "../screen.ts";
import { createBoard } from "./board.ts";
import type { Board } from "./board.ts";
import { cast } from "./cast.ts";
import { chooseCore } from "./core-choice.ts";
import type { CoreChoice } from "./core-choice.ts";
import { budgetUsd } from "./providers.ts";
import { openStage } from "./stage.ts";
import { leftBy } from "./left-behind.ts";
import { summaryOf } from "./summary.ts";

export type DemoContext = Omit<CommandContext, "args" | "options">;

/** Ten pictures a second: calm to look at, and quick enough for the eye. */
const frameMs = 100;

/**
 * The main job: twelve agents share a core with fewer slots, live, then what came of it. On a terminal the kernel stays
 * up until Ctrl-C; elsewhere it stops, and the exit code is 0 when every agent did what it was to do.
 */
export async function runDemo(
  context: DemoContext,
  { core, port }: { core: string | undefined; port: number | undefined },
): Promise<number> {
  const { t, signal } = context;
  const isLive = process.stdout.isTTY && !context.json && !context.jsonl;
  const choice = await chooseCore(core, context);
  if (choice.provider) {
    const { name, keyName } = choice.provider;
    const [usd, budget] = [(choice.atMostUsd ?? budgetUsd).toFixed(2), budgetUsd.toFixed(2)];
    context.say(t(demoText.willSpend, { name, key: keyName, usd, budget }));
  }
  await using stage = await openStage(context, { cores: choice.cores, port });
  const { client } = stage.system;
  const agents = await spawnCast(client, choice, context);
  const board = createBoard(client, agents, {
    spent: ({ resource, limit }) =>
      t(resource === "tokens" ? demoText.tokensSpent : demoText.limitSpent, { resource, limit }),
  });
  const state = await (isLive ? watchLive : watchLines)({ client, board, choice }, context);
  if (signal.aborted) return 130;
  const kept = await leftBy(client, { agents, sought: t(demoText.sought) });
  const summary = summaryOf({ state, board, kept, choice, stage, staysUp: isLive, context });
  context.result(summary.data, () => demoSummary(summary.pane, context.width).join("\n"));
  if (isLive) {
    await Promise.race([once(signal, "abort"), stage.system.shutdownAsked]);
    context.say(t(kernelText.stopping));
  }
  return summary.data.failed > 0 ? 1 : 0;
}

/** In the cast's order, all at once: what they do from then on is the scheduler's. */
function spawnCast(
  client: Client,
  { model, limits }: CoreChoice,
  { lang }: DemoContext,
): Promise<{ name: string; pid: string }[]> {
  return Promise.all(
    cast.map(async (role) => {
      const name = role.name[lang];
      // A role's own limit stands before that of the core for the same resource.
      const own = role.limits ?? [];
      const others = limits.filter(({ resource }) => !own.some((limit) => limit.resource === resource));
      const { pid } = await client.proc.spawn({
        name,
        program: { kind: "agent", agent: role.agent, task: role.task[lang], model },
        limits: [...own, ...others],
        ...(role.nice === undefined ? {} : { nice: role.nice }),
        ...(role.class === undefined ? {} : { class: role.class }),
      });
      return { name, pid };
    }),
  );
}

interface Watched {
  readonly client: Client;
  readonly board: Board;
  readonly choice: CoreChoice;
}

/** Looks on until all have settled; `show` draws what there is, `changed` gets what is new. */
async function watch(
  { client, board, choice }: Watched,
  { lang, paint, signal, t }: DemoContext,
  show: (state: DemoState, changes: Awaited<ReturnType<Board["refresh"]>>) => void,
): Promise<DemoState> {
  const { slots, ratePerMinute: rate, model } = choice;
  const core = choice.isSimulated
    ? t(demoText.coreSimulated, { model, slots, rate: rate ?? "∞" })
    : t(demoText.coreReal, { model, slots });
  const words = demoWords(lang, { core, count: cast.length });
  const startedAt = performance.now();
  for (;;) {
    const changes = await board.refresh();
    const { lanes } = await client.llm.lanes();
    const wasted = lanes.reduce((sum, { refused }) => sum + refused, 0);
    const { calls, toolCalls, tokens, waiting } = board.totals();
    const elapsedMs = performance.now() - startedAt;
    const state = { rows: board.rows(), elapsedMs, calls, toolCalls, tokens, waiting, wasted, words, paint };
    show(state, changes);
    if (signal.aborted || board.isSettled()) return state;
    await sleep(frameMs, undefined, { signal }).catch(() => undefined);
  }
}

async function watchLive(watched: Watched, context: DemoContext): Promise<DemoState> {
  let last: DemoState | undefined;
  const draw = (): void => {
    if (last) screen.draw(demoPane(last, screen.width, screen.height));
  };
  using screen = openScreen(process.stdout, draw);
  // Awaited here: the screen is given back when the last picture is drawn, not before.
  return await watch(watched, context, (state) => {
    last = state;
    draw();
  });
}

/** Where nothing can be redrawn: one line per change. */
function watchLines(watched: Watched, context: DemoContext): Promise<DemoState> {
  const { t, lang } = context;
  const names = cast.map(({ name }) => name[lang]);
  const nameWidth = Math.max(...names.map(widthOf));
  let hasBegun = false;
  return watch(watched, context, ({ elapsedMs, words }, changes) => {
    if (!hasBegun) {
      context.say(words.title);
      context.say(words.core);
      context.say(t(demoText.begins, { count: names.length, names: names.join(", ") }));
    }
    hasBegun = true;
    for (const { name, phase, text } of changes) {
      const what = phase === "working" ? text : [words.phase[phase], text].filter(Boolean).join(": ");
      context.say(`${pad(shortTime(elapsedMs), 6, "right")}  ${pad(name, nameWidth)}  ${what}`);
    }
  });
}
