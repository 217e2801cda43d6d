import { createSeededRandom } from "../../drivers/random/seeded.ts";
import type { Random } from "../../kernel/ports.ts";
import { one, shuffled } from "../mem/draws.ts";
import { fill } from "../mem/phrases.ts";
import type { CorpusFile, Format } from "./corpus-file.ts";
import type { FilePhrases } from "./phrases.ts";
import { codeText } from "./render-code.ts";
import { tableText } from "./render-table.ts";

/** What a file says, before it has a form. */
export interface Content {
  readonly title: string;
  /** Those that matter somewhere among those that do not. */
  readonly sentences: readonly string[];
}

/** The same text for the same file. */
export function textOf(file: CorpusFile, phrases: FilePhrases): string {
  const random = createSeededRandom(file.textSeed);
  const content = contentOf(random, file, phrases);
  switch (file.format) {
    case "md":
      return markdown(content.title, { paragraphs: paragraphs(random, content, file), headings: phrases.filler.what });
    case "html":
      return html(content.title, paragraphs(random, content, file), file);
    case "txt":
      return `${content.title}\n\n${paragraphs(random, content, file).join("\n\n")}\n`;
    case "csv":
    case "json":
      return tableText(random, { content, file, phrases });
    case "ts":
    case "py":
    case "go":
    case "sh":
      return codeText(random, content, file);
  }
}

/** What a format adds to each sentence, about. */
const formBytes: Readonly<Record<Format, number>> = {
  md: 1,
  txt: 1,
  html: 3,
  csv: 45,
  json: 160,
  ts: 135,
  py: 85,
  go: 100,
  sh: 40,
};

function contentOf(random: Random, { about, mention, kind, sizeBytes, format }: CorpusFile, phrases: FilePhrases) {
  const { entity: c = about.project ?? "", topic: t = "", code: n = "" } = about;
  const slots = { c, t, n };
  const topic = phrases.topics.find(({ term }) => term === about.topic);
  const facts = [
    ...shuffled(random, topic?.says ?? []).slice(0, 2),
    ...(about.code === undefined ? [] : [one(random, phrases.coded)]),
    ...(about.story === undefined ? [] : (phrases.stories[about.story]?.says ?? [])),
  ].map((template) => fill(template, slots));
  if (mention !== undefined) facts.push(fill(one(random, phrases.mentions), { c: mention }));
  const title = fill(one(random, phrases.kinds[kind].titles), slots);
  const bytesOf = (sentence: string) => Buffer.byteLength(sentence) + formBytes[format];
  let bytes = [title, ...facts].reduce((sum, each) => sum + bytesOf(each), 0);
  const filler: string[] = [];
  while (bytes < sizeBytes) {
    const sentence = fillerOf(random, phrases);
    filler.push(sentence);
    bytes += bytesOf(sentence);
  }
  const sentences = [...filler];
  for (const fact of facts) sentences.splice(Math.floor(random.next() * (sentences.length + 1)), 0, fact);
  return { title, sentences };
}

function fillerOf(random: Random, { filler: { pattern, who, does, what, how } }: FilePhrases): string {
  const [w, d, o] = [one(random, who), one(random, does), one(random, what)];
  const h = fill(one(random, how), { n: `${2 + Math.floor(random.next() * 97)}` });
  const sentence = fill(pattern, { w, d, o, h });
  return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}`;
}

/** Of three to six sentences. */
function paragraphs(random: Random, { sentences }: Content, { lang }: CorpusFile): string[] {
  const all: string[] = [];
  for (let at = 0; at < sentences.length;) {
    const count = 3 + Math.floor(random.next() * 4);
    all.push(sentences.slice(at, at + count).join(lang === "zh" ? "" : " "));
    at += count;
  }
  return all;
}

interface Parts {
  readonly paragraphs: readonly string[];
  readonly headings: readonly string[];
}

function markdown(title: string, { paragraphs: all, headings }: Parts): string {
  const blocks = all.map((paragraph, at) =>
    at % 4 === 3 ? `## ${headings[at % headings.length]}\n\n${paragraph}` : paragraph,
  );
  return `# ${title}\n\n${blocks.join("\n\n")}\n`;
}

function html(title: string, all: readonly string[], { lang }: CorpusFile): string {
  const body = all.map((paragraph) => `<p>${paragraph}</p>`);
  const head = `<head><meta charset="utf-8"><title>${title}</title></head>`;
  return `<!doctype html>\n<html lang="${lang}">${head}\n<body>\n<h1>${title}</h1>\n${body.join("\n")}\n</body></html>\n`;
}
