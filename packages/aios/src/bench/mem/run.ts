import { questionKinds } from "./dialogue.ts";
import type { Lang, Question, QuestionKind, Split } from "./dialogue.ts";
import { generateDialogue, seedsOf } from "./dialogues.ts";
import type { DialogueOptions } from "./dialogues.ts";
import { estimate, scoreAt } from "./metrics.ts";
import type { Estimate, Score } from "./metrics.ts";
import { notesFor } from "./methods.ts";
import type { Method } from "./methods.ts";
import type { RetrieverStats } from "./retriever.ts";

export interface MemRunOptions {
  readonly methods: readonly Method[];
  readonly split: Split;
  /** Default: all of the split. */
  readonly seeds?: readonly number[] | undefined;
  /** Default: both. */
  readonly langs?: readonly Lang[];
  readonly size?: Pick<
    DialogueOptions,
    "sessions" | "turnsPerSession" | "speakers" | "relativesEach" | "questionsPerKind"
  >;
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What one method did with one kind of question in one language. Means over questions with intervals over seeds. */
export interface MemRow {
  readonly method: string;
  readonly kind: QuestionKind;
  readonly lang: Lang;
  readonly recallAt10: Estimate;
  readonly mrr: Estimate;
  /** Of the first three: no question has more evidence. */
  readonly f1At3: Estimate;
  /** Share of the questions with decoys where one of them stands before all evidence. */
  readonly trapped: Estimate;
  readonly tokensPerQuery: number;
  readonly callsPerAdd: number;
  /** Questions. */
  readonly n: number;
}

const DEPTH = 10;

/** Every method on the same dialogues and questions, one after the other. */
export async function runMem(options: MemRunOptions): Promise<MemRow[]> {
  const { methods, split, seeds = seedsOf[split], langs = ["en", "zh"], size = {}, say, signal } = options;
  const rows: MemRow[] = [];
  for (const lang of langs) {
    const dialogues = seeds.map((seed) => generateDialogue({ split, seed, lang, ...size }));
    for (const method of methods) {
      say?.(`${method.name}, ${lang}`);
      const answers: { readonly asked: readonly Answered[]; readonly stats: RetrieverStats }[] = [];
      for (const dialogue of dialogues) {
        signal?.throwIfAborted();
        await using retriever = method.open(dialogue);
        await retriever.add(notesFor(dialogue, method));
        const asked: Answered[] = [];
        for (const question of dialogue.questions) {
          const hits = await retriever.search(question.text, { k: DEPTH, lang });
          const ranked = hits.map(({ id }) => id);
          const { f1 } = scoreAt(3, ranked, question);
          asked.push({ question, score: scoreAt(DEPTH, ranked, question), f1At3: f1 });
        }
        answers.push({ asked, stats: retriever.stats() });
      }
      for (const kind of questionKinds) {
        const bySeed = answers.map(({ asked }) => asked.filter(({ question }) => question.kind === kind));
        const over = (value: (answered: Answered) => number | null) => estimate(bySeed.map((all) => all.map(value)));
        const mean = (value: (stats: RetrieverStats) => number) =>
          answers.reduce((sum, { stats }) => sum + value(stats), 0) / answers.length;
        rows.push({
          method: method.name,
          kind,
          lang,
          recallAt10: over(({ score }) => score.recall),
          mrr: over(({ score }) => score.reciprocalRank),
          f1At3: over(({ f1At3 }) => f1At3),
          trapped: over(({ score }) => score.trapped),
          tokensPerQuery: mean(({ tokensPerQuery }) => tokensPerQuery),
          callsPerAdd: mean(({ modelCallsPerAdd }) => modelCallsPerAdd),
          n: bySeed.reduce((sum, { length }) => sum + length, 0),
        });
      }
    }
  }
  return rows;
}

interface Answered {
  readonly question: Question;
  readonly score: Score;
  readonly f1At3: number;
}
