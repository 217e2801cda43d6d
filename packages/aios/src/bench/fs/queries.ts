import type { Random } from "../../kernel/ports.ts";
import type { Lang } from "../mem/dialogue.ts";
import { one, shuffled } from "../mem/draws.ts";
import { fill, monthName } from "../mem/phrases.ts";
import type { CorpusFile, FileQuery } from "./corpus-file.ts";
import { spans } from "./phrases.ts";
import type { FilePhrases, Topic } from "./phrases.ts";
import { timesOf } from "./spans.ts";

interface QueryOptions {
  readonly lang: Lang;
  readonly phrases: FilePhrases;
  /** Of all languages: a name may stand in a file of the other one. */
  readonly files: readonly CorpusFile[];
  readonly nowMs: number;
}

/** Of each sort at most; stories give as many as they are asked for in ways. */
const PER_SORT = 16;
/** So that ten places hold all that is right. */
const MOST_RELEVANT = 8;

/** What stands in its text. */
export const termsOf = ({ about, mention }: CorpusFile): readonly string[] =>
  [about.entity, about.topic, about.code, about.project, about.identifier, mention].filter(
    (term) => term !== undefined,
  );

export function drawQueries(random: Random, options: QueryOptions): FileQuery[] {
  const { lang, phrases, files, nowMs } = options;
  const own = files.filter((file) => file.lang === lang);
  const paths = (isRight: (file: CorpusFile) => boolean) => files.filter(isRight).map(({ path }) => path);
  const isAsked = ({ relevant }: FileQuery) => relevant.length > 0 && relevant.length <= MOST_RELEVANT;
  const some = (queries: Iterable<FileQuery>) => [...firstOf(queries, isAsked)];
  const topicOf = ({ about }: CorpusFile) => phrases.topics.find(({ term }) => term === about.topic) as Topic;

  function* keyword(termsIn: (file: CorpusFile) => readonly string[]): Generator<FileQuery> {
    for (const terms of distinct(shuffled(random, own).map(termsIn))) {
      const relevant = paths((file) => {
        const held = termsOf(file);
        return terms.every((term) => held.includes(term));
      });
      yield { kind: "keyword", lang, askedMs: nowMs, text: terms.join(" "), terms, relevant };
    }
  }
  function* named(): Generator<FileQuery> {
    const about = shuffled(random, own).filter((file) => file.about.topic !== undefined);
    for (const file of distinct(about, ({ about: { entity, topic } }) => `${entity} ${topic}`)) {
      const { entity = "", topic } = file.about;
      const slots = { a: one(random, topicOf(file).asks), c: entity };
      const text = fill(one(random, phrases.askNamed), slots);
      const relevant = paths((other) => other.about.entity === entity && other.about.topic === topic);
      yield { kind: "named", lang, askedMs: nowMs, text, terms: [], relevant };
    }
  }
  const described = phrases.stories.flatMap(({ asks }, story) =>
    asks.map((text): FileQuery => {
      const relevant = paths((file) => file.lang === lang && file.about.story === story);
      return { kind: "described", lang, askedMs: nowMs, text, terms: [], relevant };
    }),
  );
  function* metadata(): Generator<FileQuery> {
    const about = shuffled(random, own).filter((file) => file.about.topic !== undefined);
    for (const file of distinct(about, ({ kind, about: { topic } }) => `${kind} ${topic}`))
      for (const span of shuffled(random, spans)) {
        const topic = file.about.topic as string;
        const modified = timesOf(span, nowMs, 2 + Math.floor(random.next() * 10));
        const slots = { k: phrases.kinds[file.kind].word, t: topic, m: monthName(modified.fromMs, lang) };
        const text = fill(one(random, phrases.askMetadata[span]), slots);
        const alike = own.filter((other) => other.kind === file.kind && other.about.topic === topic);
        const { fromMs, toMs } = modified;
        const right = alike.filter(({ modifiedMs }) => modifiedMs >= fromMs && modifiedMs <= toMs);
        // Where the time tells nothing apart it is no question of metadata.
        if (right.length === alike.length) continue;
        yield {
          kind: "metadata",
          lang,
          askedMs: nowMs,
          text,
          terms: [],
          modified,
          relevant: right.map(({ path }) => path),
        };
      }
  }
  return [
    ...some(keyword(({ about }) => [about.code].filter((code) => code !== undefined))),
    ...some(keyword(({ about }) => [about.identifier].filter((identifier) => identifier !== undefined))),
    ...some(
      keyword(({ about, kind }) =>
        kind === "code" ? [] : [about.entity, about.topic].filter((term) => term !== undefined),
      ),
    ),
    ...firstOf(named(), isAsked, 2 * PER_SORT),
    ...described,
    ...firstOf(metadata(), isAsked, 2 * PER_SORT),
  ].filter(isAsked);
}

function* firstOf<T>(all: Iterable<T>, isWanted: (one: T) => boolean, count = PER_SORT): Generator<T> {
  let left = count;
  for (const each of all) {
    if (left === 0) return;
    if (!isWanted(each)) continue;
    left--;
    yield each;
  }
}

/** Each once, and nothing empty. */
function* distinct<T>(all: Iterable<T>, keyOf: (one: T) => string = String): Generator<T> {
  const seen = new Set([""]);
  for (const each of all) {
    const key = keyOf(each);
    if (seen.has(key)) continue;
    seen.add(key);
    yield each;
  }
}
