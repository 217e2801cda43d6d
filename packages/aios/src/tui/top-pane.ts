import type { ProcessView, ResultOf } from "@aiosjs/sdk";
import { columnsOf } from "./columns.ts";
import { shortCount, shortTime } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { markedModel, processTable } from "./process-table.ts";
import type { ProcessWords } from "./process-table.ts";
import { fit } from "./width.ts";

export type Lane = ResultOf<"llm.lanes">["lanes"][number];
type KernelStatus = ResultOf<"sys.status">;

/** What `top` shows above and between the tables, in the reader's language. */
export interface TopWords extends ProcessWords {
  readonly lanes: Readonly<Record<"lane" | "slots" | "queued" | "buckets" | "refused" | "done" | "state", string>>;
  /** The first line, from figures that are text already. */
  readonly headline: (figures: { version: string; policy: string; uptime: string; processes: string }) => string;
  readonly cooling: (forMs: string) => string;
  readonly open: string;
  /** How many questions wait for a person, and how to see them. */
  readonly questions: (count: number) => string;
  /** Of notes that wait for their vectors. */
  readonly reindexing: (progress: { done: number; of: number }) => string;
  readonly hint: string;
  readonly nobody: string;
}

export interface TopState {
  readonly status: KernelStatus;
  readonly processes: readonly ProcessView[];
  readonly unseen?: number;
  readonly lanes: readonly Lane[];
  readonly simulatedCores: ReadonlySet<string>;
  readonly recordedCores?: ReadonlySet<string>;
  readonly nowMs: number;
  readonly words: TopWords;
  readonly paint: Paint;
}

/** The kernel in one screen: a headline, the run queues before the models, the processes. */
export function topPane(state: TopState, width: number, height: number): string[] {
  const { status, processes, lanes, nowMs, words, paint } = state;
  const counts = Object.entries(status.processes)
    .filter(([name, count]) => count > 0 && name !== "zombie")
    .map(([name, count]) => `${count} ${words.state[name as ProcessView["state"]] ?? name}`);
  const headline = words.headline({
    version: status.version,
    policy: status.policy,
    uptime: shortTime(nowMs - status.startedAt),
    processes: counts.map((count) => ` · ${count}`).join(""),
  });
  const questions = status.approvals > 0 ? [paint.waiting(fit(words.questions(status.approvals), width))] : [];
  const { reindexing } = status;
  const progress = reindexing ? [paint.waiting(fit(words.reindexing(reindexing), width))] : [];
  const lines = [paint.strong(fit(headline, width)), ...questions, ...progress, ""];
  if (lanes.length > 0) lines.push(...laneTable(state, width, Math.max(2, Math.floor(height / 4))), "");
  if (processes.length === 0) lines.push(fit(words.nobody, width));
  else
    lines.push(
      ...processTable({ ...state, processes: byUrgency(processes) }, width, Math.max(2, height - lines.length - 2)),
    );
  const space = height - lines.length - 1;
  if (Number.isFinite(space)) for (let line = 0; line < space; line++) lines.push("");
  lines.push(paint.dim(fit(words.hint, width)));
  return lines.slice(0, height);
}

const ranks: Readonly<Record<ProcessView["state"], number>> = {
  running: 0,
  ready: 1,
  new: 2,
  suspended: 3,
  blocked: 4,
  zombie: 5,
};

/** Who works comes first, who has ended last; those alike in the order in which they came, the ended ones latest first. */
const byUrgency = (processes: readonly ProcessView[]): ProcessView[] =>
  processes.toSorted(
    (left, right) =>
      ranks[left.state] - ranks[right.state] ||
      (right.endedAt ?? 0) - (left.endedAt ?? 0) ||
      left.startedAt - right.startedAt,
  );

/** The lanes that have work, then the others, as many as there is room for. */
function laneTable(state: TopState, width: number, room: number): string[] {
  const { lanes, nowMs, words, paint } = state;
  const load = (lane: Lane) => lane.queued + lane.running;
  const shown = lanes.toSorted((left, right) => load(right) - load(left)).slice(0, room - 1);
  const title = words.lanes;
  const [heading = "", ...rows] = columnsOf<Lane>(
    shown,
    [
      {
        title: title.lane,
        text: (lane) => markedModel(`${lane.core}/${lane.model}`, state),
        rank: 0,
        least: 10,
        paint: (text) => paint.strong(text),
      },
      { title: title.slots, text: (lane) => `${lane.running}/${lane.concurrency}`, align: "right", rank: 2 },
      { title: title.queued, text: (lane) => String(lane.queued), align: "right", rank: 1 },
      { title: title.buckets, text: bucketText, rank: 3, least: 8 },
      { title: title.refused, text: (lane) => String(lane.refused), align: "right", rank: 5 },
      { title: title.done, text: (lane) => shortCount(lane.done), align: "right", rank: 4 },
      {
        title: title.state,
        text: ({ cooldownUntil }) =>
          cooldownUntil !== null && cooldownUntil > nowMs
            ? words.cooling(shortTime(cooldownUntil - nowMs))
            : words.open,
        rank: 6,
        paint: (text, { cooldownUntil }) => (cooldownUntil !== null && cooldownUntil > nowMs ? paint.bad(text) : text),
      },
    ],
    width,
  );
  return [paint.dim(heading), ...rows];
}

/** `requests 3/4 300/min`: what may come at once now, of how much, and how fast it comes back; `~` where it was learned. */
const bucketText = ({ buckets }: Lane): string =>
  buckets
    .map(({ name, level, burst, perMinute, source }) => {
      const rate = `${shortCount(Math.max(0, level))}/${shortCount(burst)} ${shortCount(perMinute)}/min`;
      return `${name} ${source === "learned" ? "~" : ""}${rate}`;
    })
    .join(", ") || "-";
