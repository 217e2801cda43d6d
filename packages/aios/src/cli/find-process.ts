import type { Client, ProcessView } from "@aiosjs/sdk";
import { CliError, conflict } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { processText } from "./messages/process.ts";

/** Candidates that an error names. */
const MOST_NAMED = 8;

type Speaker = Pick<CommandContext, "t">;

/**
 * The process that `text` means: its pid, a prefix that only one pid has, or a name. Of several of one name the one that
 * lives is meant; where none lives, the one that ended last.
 * @throws CliError not found (exit 3), or ambiguous (exit 6) with the candidates.
 */
export function chooseProcess(processes: readonly ProcessView[], text: string, { t }: Speaker): ProcessView {
  const exact = processes.find(({ pid }) => pid === text);
  if (exact) return exact;
  const named = processes.filter(({ name }) => name === text);
  const living = named.filter(({ state }) => state !== "zombie");
  const candidates =
    living.length > 0
      ? living
      : named.length > 0
        ? [named.reduce((last, each) => ((each.endedAt ?? 0) >= (last.endedAt ?? 0) ? each : last))]
        : processes.filter(({ pid }) => pid.startsWith(text));
  const [only, ...others] = candidates;
  if (only === undefined)
    throw new CliError(["ESRCH", 3], t(processText.unknown, { name: text }), { hint: t(processText.unknownHint) });
  if (others.length > 0) {
    const shown = candidates.slice(0, MOST_NAMED).map(({ pid, name }) => `${pid} (${name})`);
    const pids = candidates.length > MOST_NAMED ? `${shown.join(", ")}, …` : shown.join(", ");
    throw new CliError(conflict, t(processText.ambiguous, { name: text, pids }), {
      hint: t(processText.ambiguousHint),
    });
  }
  return only;
}

/** As `chooseProcess`, of what the kernel shows. */
export async function findProcess(client: Client, text: string, speaker: Speaker): Promise<ProcessView> {
  return chooseProcess(await meantBy(client, text), text, speaker);
}

/** All that `text` may mean. */
async function meantBy(client: Client, text: string): Promise<readonly ProcessView[]> {
  const found: ProcessView[] = [];
  for (let after: string | undefined; ;) {
    const { processes, next } = await client.proc.list({
      all: true,
      match: text,
      limit: 10_000,
      ...(after ? { after } : {}),
    });
    found.push(...processes);
    if (next === null) return found;
    after = next;
  }
}

/** Names of the cores where no model answers, so that they are marked wherever they are shown. Any key may ask. */
export async function markedCores(client: Client): Promise<CoreMarks> {
  const { models } = await client.llm.models();
  return marksOf(models.map(({ core, kind, isSimulated }) => ({ name: core, kind, isSimulated })));
}

interface CoreMarks {
  readonly simulatedCores: ReadonlySet<string>;
  readonly recordedCores: ReadonlySet<string>;
}

/** As `markedCores`, of cores that are known already. */
export function marksOf(cores: readonly { name: string; kind: string; isSimulated: boolean }[]): CoreMarks {
  const named = (isMarked: (core: (typeof cores)[number]) => boolean) =>
    new Set(cores.filter(isMarked).map(({ name }) => name));
  return {
    simulatedCores: named(({ isSimulated }) => isSimulated),
    recordedCores: named(({ kind }) => kind === "replay"),
  };
}
