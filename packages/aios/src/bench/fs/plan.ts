import type { Random } from "../../kernel/ports.ts";
import type { Lang } from "../mem/dialogue.ts";
import { isDrawn, one, shuffled } from "../mem/draws.ts";
import type { CorpusFile, Format, Kind } from "./corpus-file.ts";
import type { FilePhrases, World } from "./phrases.ts";

interface PlanOptions {
  readonly lang: Lang;
  readonly phrases: FilePhrases;
  readonly files: number;
  readonly nowMs: number;
}

const kindsOf = {
  work: ["contract", "minutes", "report", "letter", "bug", "ledger", "ledger"],
  kitchen: ["recipe"],
  journey: ["diary"],
} as const satisfies Record<World, readonly Kind[]>;

const formatsOf = (kind: Kind): readonly Format[] =>
  kind === "ledger" ? ["csv", "json"] : ["md", "md", "txt", "html"];

const DAY_MS = 86_400_000;
/** Files are so old at most; half of them are less than three months old. */
const OLDEST_DAYS = 700;
const MIN_BYTES = 1_024;
const MAX_BYTES = 40 * 1_024;
/** Of the log-normal sizes. */
const MEDIAN_BYTES = 4_096;
const SIGMA = 0.9;
const FILES_OF_STORY = 4;

const shares = { nearCode: 0.3, nearDuplicate: 0.12, mention: 0.25 };

type Draft = Pick<CorpusFile, "kind" | "about"> & Partial<CorpusFile>;

/** All files of a language, group by group: a matter of a customer, a piece of code with who uses it, a page from home. */
export function planFiles(random: Random, { lang, phrases, files, nowMs }: PlanOptions): CorpusFile[] {
  const { topics, people, mentions, kinds } = phrases;
  const [firsts, seconds] = phrases.customers;
  const customers = firsts.flatMap((first) => seconds.map((second) => `${first}${second}`));
  const codes = codesOf(random, phrases.codes);
  const identifiers = identifiersOf(random, phrases.identifiers);
  const planned: CorpusFile[] = [];
  const add = ({ kind, about, ...more }: Draft): CorpusFile => {
    const format = more.format ?? one(random, formatsOf(kind));
    const folder = about.entity ?? about.project ?? kinds[kind].word;
    const file = {
      path: `${lang}/${folder}/${kinds[kind].word}-${`${planned.length + 1}`.padStart(5, "0")}.${format}`,
      lang,
      modifiedMs: nowMs - Math.floor(OLDEST_DAYS * DAY_MS * random.next() ** 3),
      sizeBytes: sizeOf(random),
      textSeed: Math.floor(random.next() * 2 ** 32),
      ...more,
      kind,
      about,
      format,
    };
    planned.push(file);
    return file;
  };
  const mentioned = (entity: string) => {
    const mention = one(random, customers);
    return mentions.length > 0 && mention !== entity && isDrawn(random, shares.mention) ? { mention } : {};
  };
  const addMatter = () => {
    const entity = one(random, customers);
    const topic = one(random, inWorld("work")).term;
    const code = codes();
    for (let left = some(random); left > 0; left--) {
      const file = add({ kind: one(random, kindsOf.work), about: { entity, topic, code }, ...mentioned(entity) });
      if (!isDrawn(random, shares.nearDuplicate)) continue;
      const { path: _path, modifiedMs: _modifiedMs, ...same } = file;
      add({ ...same, about: { ...file.about, code: codes() } });
    }
  };
  const addCode = () => {
    const project = one(random, phrases.projects);
    const format = one(random, ["ts", "py", "go", "sh"] as const);
    const identifier = identifiers(format);
    for (let left = some(random); left > 0; left--) add({ kind: "code", format, about: { project, identifier } });
  };
  const addPage = () => {
    const world = one(random, ["kitchen", "journey"] as const);
    const topic = one(random, inWorld(world)).term;
    add({ kind: one(random, kindsOf[world]), about: { entity: one(random, people), topic } });
  };
  const inWorld = (world: World) => topics.filter((topic) => topic.world === world);
  for (const story of phrases.stories.keys())
    for (let left = 1 + Math.floor(random.next() * FILES_OF_STORY); left > 0; left--)
      add({ kind: "note", about: { story } });
  while (planned.length < files) {
    const drawn = random.next();
    if (drawn < 0.62) addMatter();
    else if (drawn < 0.82) addCode();
    else if (drawn < 0.94) addPage();
    else add({ kind: "note", about: {} });
  }
  return planned.slice(0, files);
}

/** One to six, small numbers more often. */
const some = (random: Random): number => 1 + Math.floor(6 * random.next() ** 2);

/** Log-normal (Box and Muller, 1958), drawn again outside of the bounds. */
function sizeOf(random: Random): number {
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const bytes = Math.round(MEDIAN_BYTES * Math.exp(SIGMA * normal));
    if (bytes >= MIN_BYTES && bytes <= MAX_BYTES) return bytes;
  }
}

/** Never the same; often one that is almost the one before. */
function codesOf(random: Random, letters: readonly string[]): () => string {
  const taken = new Set<string>();
  const ends = "ABCDEFGH";
  let last = "";
  return () => {
    for (;;) {
      const isNear = last !== "" && isDrawn(random, shares.nearCode);
      const end = ends[Math.floor(random.next() * ends.length)] as string;
      const number = 1_000 + Math.floor(random.next() * 9_000);
      const code = isNear ? `${last.slice(0, -1)}${end}` : `${one(random, letters)}-${number}-${end}`;
      last = code;
      if (taken.has(code)) continue;
      taken.add(code);
      return code;
    }
  };
}

/** Never the same in any spelling. @throws RangeError when all names are taken: of 20,000 files, about */
function identifiersOf(random: Random, parts: FilePhrases["identifiers"]): (format: Format) => string {
  const left = shuffled(
    random,
    parts[0].flatMap((verb) => parts[1].flatMap((noun) => parts[2].map((thing) => [verb, noun, thing]))),
  );
  return (format) => {
    const words = left.pop();
    if (words === undefined) throw new RangeError("not enough identifiers for so many files");
    return format === "ts" || format === "go" ? words.join("") : words.map((word) => word.toLowerCase()).join("_");
  };
}
