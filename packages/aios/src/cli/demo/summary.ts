import type { DemoState } from "../../tui/demo-pane.ts";
import type { DemoSummary } from "../../tui/demo-summary.ts";
import { quantile, shortCount, shortTime } from "../../tui/figures.ts";
import { fit } from "../../tui/width.ts";
import { demoText } from "../messages/demo.ts";
import type { Board } from "./board.ts";
import { cast } from "./cast.ts";
import type { Left } from "./left-behind.ts";
import type { CoreChoice } from "./core-choice.ts";
import type { DemoContext } from "./main-job.ts";
import { providersIn, upperBoundUsd } from "./providers.ts";
import type { Stage } from "./stage.ts";

/** Of what was found. */
const SAID_COLUMNS = 36;

interface Ended {
  readonly state: DemoState;
  readonly board: Board;
  readonly kept: Left;
  readonly choice: CoreChoice;
  readonly stage: Stage;
  readonly staysUp: boolean;
  readonly context: DemoContext;
}

/** What the run came to: as data for `--json`, and as the pane that people see. */
export function summaryOf(ended: Ended) {
  const { state, board, kept, choice, stage, context, staysUp } = ended;
  const { t, lang } = context;
  const totals = board.totals();
  const count = (phase: string) => state.rows.filter((row) => row.phase === phase).length;
  const [done, held, failed] = [count("done"), count("held"), count("failed")];
  const interactive = cast.find((role) => role.class === "interactive")!.name[lang];
  const waiting = {
    p50Ms: quantile(totals.waits, 0.5),
    p95Ms: quantile(totals.waits, 0.95),
    interactiveP50Ms: board.medianWaitOf(interactive),
  };
  const files = totals.files.map(({ pid, path }) => stage.pathOf(pid, path));
  const data = {
    agents: state.rows.length,
    done,
    held,
    failed,
    elapsedMs: Math.round(state.elapsedMs),
    calls: totals.calls,
    toolCalls: totals.toolCalls,
    notes: { kept: kept.notes, recalled: totals.recalled },
    inputTokens: totals.inputTokens,
    outputTokens: totals.outputTokens,
    waiting,
    wasted429s: state.wasted,
    costUsd: choice.isSimulated ? 0 : totals.costUsd,
    isSimulated: choice.isSimulated,
    model: choice.model,
    files,
    versions: kept.versions,
    found: kept.found?.hit ?? null,
    url: stage.system.url,
    home: stage.home,
  };
  const outcome = [
    held + failed === 0
      ? t(demoText.allDone, { count: state.rows.length })
      : t(demoText.someDone, { done, count: state.rows.length }),
    held > 0 ? t(demoText.someHeld, { count: held }) : "",
    failed > 0 ? t(demoText.someFailed, { count: failed }) : "",
  ];
  const cost = choice.isSimulated
    ? t(demoText.costSimulated)
    : choice.atMostUsd === undefined
      ? t(demoText.costNone)
      : t(demoText.costReal, { usd: totals.costUsd.toFixed(4), bound: choice.atMostUsd.toFixed(2) });
  const { url } = stage.system;
  const pane: DemoSummary = {
    state,
    outcome: outcome.filter(Boolean).join(" · "),
    facts: [
      {
        label: t(demoText.factWork),
        text: t(demoText.factWorkText, {
          calls: totals.calls,
          toolCalls: totals.toolCalls,
          tokens: shortCount(totals.tokens),
          cost,
        }),
      },
      {
        label: t(demoText.factWaiting),
        text: t(demoText.factWaitingText, {
          p50: shortTime(waiting.p50Ms),
          p95: shortTime(waiting.p95Ms),
          name: interactive,
          interactive: shortTime(waiting.interactiveP50Ms),
          wasted: state.wasted,
        }),
      },
      {
        label: t(demoText.factKept),
        text: t(demoText.factKeptText, {
          notes: kept.notes,
          recalled: totals.recalled,
          files: files.length,
          versions: kept.versions,
          folder: stage.filesFolder,
        }),
      },
      ...(kept.found ? [{ label: t(demoText.factFound), text: foundOf(kept.found, context) }] : []),
    ],
    next: { heading: t(staysUp ? demoText.nextHere : demoText.nextAgain, { url }), commands: nextCommands(ended) },
    notes: notesOf(ended),
  };
  return { data, pane };
}

function foundOf({ hit, by }: NonNullable<Left["found"]>, { t }: DemoContext): string {
  const { path, version, snippet } = hit;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const said = fit((snippet ?? "").replaceAll(/\s+/g, " ").trim(), SAID_COLUMNS);
  return t(demoText.factFoundText, { sought: t(demoText.sought), name, version, by, said });
}

function nextCommands({ state, stage, staysUp, context: { t } }: Ended): { command: string; why: string }[] {
  const command = (text: string) => stage.command(text, staysUp ? "here" : "own");
  const held = state.rows.find(({ phase }) => phase === "held");
  const exec = { command: command('exec "what is 2480 * 19 / 100?"'), why: t(demoText.whyExec) };
  const history = { command: command("fs history /shared/front.md"), why: t(demoText.whyHistory) };
  const run = { command: command("run -- python my_agent.py"), why: t(demoText.whyRun) };
  const search = { command: command(`mem search "${t(demoText.remembered)}"`), why: t(demoText.whySearch) };
  if (!staysUp) return [{ command: command("up -d"), why: t(demoText.whyUp) }, search, history, run, exec];
  if (!held) return [{ command: command("top -a"), why: t(demoText.whyTop) }, search, history];
  const { name } = held;
  return [search, history, { command: command(`limits ${name} tokens=50k`), why: t(demoText.whyLimits, { name }) }];
}

function notesOf({ choice, stage, context: { t, env } }: Ended): string[] {
  const [provider] = choice.provider ? [] : providersIn(env);
  const notes = stage.isOwnHome ? [] : [t(demoText.movedHome, { home: stage.home })];
  if (provider)
    notes.push(
      t(demoText.keyFound, {
        key: provider.keyName,
        command: stage.startCommand(`--core ${provider.name}`),
        usd: upperBoundUsd(provider, cast.length).toFixed(2),
      }),
    );
  return notes;
}
