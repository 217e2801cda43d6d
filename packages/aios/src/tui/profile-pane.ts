import { columnsOf } from "./columns.ts";
import type { Column } from "./columns.ts";
import { shortCost, shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { markedModel } from "./process-table.ts";
import { shares } from "./profile.ts";
import type { CallGroup, Profile, Share } from "./profile.ts";
import { fit, pad, widthOf } from "./width.ts";

export interface ProfileWords {
  readonly share: Readonly<Record<Share, string>>;
  readonly heading: Readonly<
    Record<"what" | "site" | "calls" | "failed" | "wait" | "time" | "input" | "output" | "cost", string>
  >;
}

interface ProfileState {
  readonly profile: Profile;
  readonly simulatedCores: ReadonlySet<string>;
  readonly recordedCores?: ReadonlySet<string>;
  readonly words: ProfileWords;
  readonly paint: Paint;
}

/** Columns of a bar where there is no terminal to fill, and at most. */
const BAR = 40;
const WIDEST_BAR = 60;

/** A bar for each share of the wall time, then what the calls cost, by model and tool and by place in the program. */
export function profilePane(state: ProfileState, width: number): string[] {
  const { profile, words, paint } = state;
  const { groups, sites } = profile;
  const tables = [
    groups.length > 0 ? groupTable(groups, words.heading.what, state) : undefined,
    sites.length > 0 ? groupTable(sites, words.heading.site, state) : undefined,
  ];
  return [
    ...bars(profile, words, { paint, width }),
    ...tables.flatMap((table) => {
      const [heading = "", ...rows] = table?.(width) ?? [];
      return heading === "" ? [] : ["", paint.dim(heading), ...rows];
    }),
  ];
}

function bars(
  { shares: sums, wallMs }: Profile,
  words: ProfileWords,
  { paint, width }: { paint: Paint; width: number },
): string[] {
  const shown = shares.filter((share) => sums[share] > 0);
  const nameWidth = Math.max(0, ...shown.map((share) => widthOf(words.share[share])));
  const figuresOf = (share: Share) =>
    `${((sums[share] / wallMs) * 100).toFixed(1).padStart(5)} %  ${shortTime(sums[share])}`;
  const figuresWidth = Math.max(0, ...shown.map((share) => widthOf(figuresOf(share))));
  const room = Number.isFinite(width) ? Math.min(WIDEST_BAR, width - nameWidth - figuresWidth - 4) : BAR;
  return shown.map((share) => {
    const bar = barOf(sums[share] / wallMs, Math.max(0, room));
    return fit(`${pad(words.share[share], nameWidth)}  ${bar}  ${figuresOf(share)}`, width).replace(
      bar,
      paintOf(share, paint)(bar),
    );
  });
}

/** Eighths of a column, so that two shares that differ look different. */
function barOf(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  const part = eighths % 8;
  const bar = "█".repeat(Math.floor(eighths / 8)) + (part > 0 ? String.fromCodePoint(0x2590 - part) : "");
  return pad(bar === "" && columns > 0 ? "▏" : bar, columns);
}

function paintOf(share: Share, paint: Paint): (text: string) => string {
  switch (share) {
    case "decode":
    case "prefill":
    case "answer":
      return (text) => paint.busy(text);
    case "tool":
      return (text) => paint.good(text);
    case "waiting":
      return (text) => paint.waiting(text);
    case "suspended":
      return (text) => paint.held(text);
    case "other":
    case "own":
      return (text) => paint.dim(text);
  }
}

function groupTable(groups: readonly CallGroup[], title: string, state: ProfileState): (width: number) => string[] {
  const { heading } = state.words;
  const isSimulated = ({ kind, name }: CallGroup) =>
    kind === "model" && state.simulatedCores.has(name.split("/")[0] ?? "");
  const figure = (name: string, rank: number, text: (group: CallGroup) => string): Column<CallGroup> => ({
    title: name,
    text,
    rank,
    align: "right",
  });
  const columns: Column<CallGroup>[] = [
    {
      title,
      text: ({ kind, name }) => (kind === "model" ? markedModel(name, state) : name),
      rank: 0,
      least: 12,
      paint: (text) => state.paint.strong(text),
    },
    figure(heading.calls, 1, ({ calls }) => shortCount(calls)),
    figure(heading.failed, 5, ({ failed }) => shortCount(failed)),
    figure(heading.wait, 3, ({ waitingMs }) => shortTime(waitingMs)),
    figure(heading.time, 0, ({ busyMs }) => shortTime(busyMs)),
    figure(heading.input, 4, ({ usage }) => shortCount(usage.inputTokens)),
    figure(heading.output, 4, ({ usage }) => shortCount(usage.outputTokens)),
    figure(heading.cost, 2, (group) => shortCost(group.usage.costUsd, isSimulated(group))),
  ];
  return (width) => columnsOf(groups, columns, width);
}
