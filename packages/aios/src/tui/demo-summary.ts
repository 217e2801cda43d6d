import { demoTable } from "./demo-pane.ts";
import type { DemoState } from "./demo-pane.ts";
import { shortTime } from "./figures.ts";
import { pad, widthOf, wrap } from "./width.ts";

export interface DemoSummary {
  readonly state: DemoState;
  /** The first line, without the time it took: `11 of 12 agents finished · 1 held at its limit`. */
  readonly outcome: string;
  /** Name and sentence: what it took. */
  readonly facts: readonly { readonly label: string; readonly text: string }[];
  /** What to try, under a heading; none when the kernel ends with the demo. */
  readonly next: { readonly heading: string; readonly commands: readonly { command: string; why: string }[] };
  /** Sentences at the end. */
  readonly notes: readonly string[];
}

const margin = " ";

/**
 * The main job when it is over: who did what, what it took, what to try next. 24 lines with twelve agents and three commands
 * on 120 columns, so that it fits a small terminal; it stays in the scrollback.
 */
export function demoSummary({ state, outcome, facts, next, notes }: DemoSummary, width: number): string[] {
  const { paint } = state;
  const inner = Math.max(20, Math.min(width, 120) - 2);
  const labelWidth = Math.max(0, ...facts.map(({ label }) => widthOf(label)));
  const commandWidth = Math.max(0, ...next.commands.map(({ command }) => widthOf(command)));
  // Side by side where the reasons fit, else one below the other.
  const isWide = next.commands.every(({ why }) => commandWidth + widthOf(why) + 4 <= inner);
  const lines = [
    ...wrap(`${outcome} · ${shortTime(state.elapsedMs)}`, inner).map((line) => paint.strong(line)),
    ...demoTable(state, inner),
    "",
    ...facts.flatMap(({ label, text }) =>
      wrap(text, inner - labelWidth - 2).map(
        (line, index) => `${paint.dim(pad(index === 0 ? label : "", labelWidth))}  ${line}`,
      ),
    ),
    ...(next.commands.length > 0 ? ["", ...wrap(next.heading, inner)] : []),
    ...next.commands.flatMap(({ command, why }) =>
      isWide
        ? [`  ${paint.strong(pad(command, commandWidth))}  ${paint.dim(why)}`]
        : [`  ${paint.strong(command)}`, `    ${paint.dim(why)}`],
    ),
    ...(notes.length > 0 ? [""] : []),
    ...notes.flatMap((note) => wrap(note, inner)),
  ];
  return lines.map((line) => (line === "" ? "" : margin + line));
}
