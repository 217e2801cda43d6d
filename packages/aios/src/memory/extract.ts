import type { NoteDescription } from "@aiosjs/sdk/protocol";
import { bounds } from "./bounds.ts";
import { keywordsOf } from "./keywords.ts";
import { clip, distinct, oneLine } from "./text.ts";
import { termsOf } from "./words.ts";

/** UTF-16 units; what a text is about shows in its beginning, and a megabyte must not hold up whoever adds it. */
const READ = 4_000;
const codeBlock = /```[\s\S]*?(?:```|$)/g;
const link = /https?:\/\/[^\s<>"'（），。；、]+/gu;

/**
 * Describes a text without a model, the same way every time: its keywords are the phrases whose words stand together most
 * often, weighed by how often they occur (after RAKE: Rose et al., 2010); its tags are what can be told by its shape
 * (hashtags, @mentions, hosts of links, dates, code); its context is its first sentence that says something; its
 * category one of `code`, `question`, `preference`, `plan`, `event`, `general`, by a few words of English and Chinese.
 *
 * It is lexical: it knows no synonyms, no names of people, no relative dates ("tomorrow"), no other language's stop words,
 * and no matter that the words do not name. It reads the first 4,000 UTF-16 units.
 */
export function extractDescription(content: string): NoteDescription {
  const text = clip(content, READ).toWellFormed();
  const prose = text.replace(codeBlock, "\n").replace(link, " , ");
  const category = categoryOf(text);
  return {
    keywords: keywordsOf(/[\p{L}\p{N}]/u.test(prose) ? prose : text),
    tags: tagsOf(text, category),
    context: contextOf(prose) ?? oneLine(text, bounds.context),
    category,
  };
}

/** Where there is no `sign` there is none of that shape: most texts have few of these. */
const shapes: readonly { sign: RegExp; shape: RegExp; tag: (found: RegExpMatchArray) => string }[] = [
  {
    sign: /#/,
    shape: /#(?<tag>[\p{L}\p{N}_-]{1,40})#(?=\s|$|\p{P}|\p{L})/gu,
    tag: ({ groups }) => groups!["tag"]!,
  },
  {
    sign: /#/,
    shape: /(?<=^|[\s(（，。、])#(?<tag>\p{L}[\p{L}\p{N}_-]{0,39})(?![#\p{L}\p{N}])/gu,
    tag: ({ groups }) => groups!["tag"]!,
  },
  {
    sign: /@/,
    shape: /(?<![\p{L}\p{N}._-])@(?<name>[\p{L}\p{N}_-]{2,32})/gu,
    tag: ({ groups }) => `@${groups!["name"]!}`,
  },
  {
    sign: /:\/\//,
    shape: /https?:\/\/(?:[^\s/?#@]*@)?(?:www\.)?(?<host>[\p{L}\p{N}.-]+)/giu,
    tag: ({ groups }) => groups!["host"]!.replace(/\.$/, ""),
  },
  {
    sign: /\d{4}[-/年]/,
    shape:
      /(?<!\d)(?<year>[12]\d{3})(?:-|\/|年)(?<month>0?[1-9]|1[0-2])(?:-|\/|月)(?<day>3[01]|[12]\d|0?[1-9])(?!\d)/gu,
    tag: ({ groups }) => `${groups!["year"]}-${groups!["month"]!.padStart(2, "0")}-${groups!["day"]!.padStart(2, "0")}`,
  },
];

function tagsOf(text: string, category: string): string[] {
  const there = shapes.filter(({ sign }) => sign.test(text));
  const found = there.flatMap(({ shape, tag }) => [...text.matchAll(shape)].map((match) => tag(match).toLowerCase()));
  return distinct(category === "code" ? [...found.slice(0, bounds.tags.most - 1), "code"] : found, bounds.tags);
}

const sentenceEnd = /(?<=[。！？!?…])|(?<=[.;])(?<!\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|e\.g|i\.e)\.)(?=\s)|[\r\n]+/u;
const listMark = /^[\s#>*+\-–—•]*(?:\d+[.)、]\s*)?/u;

/** The first sentence with three words that say something (two in Chinese, whose words are denser); else the first with any. */
function contextOf(prose: string): string | undefined {
  let first: string | undefined;
  for (const each of prose.split(sentenceEnd)) {
    const sentence = oneLine(each.replaceAll(" , ", " ").replace(listMark, ""), bounds.context);
    const enough = /\p{sc=Han}/u.test(sentence) ? 2 : 3;
    const { size } = termsOf([sentence], enough);
    if (size === enough) return sentence;
    if (size > 0) first ??= sentence;
  }
  return first;
}

const isCode = (text: string): boolean =>
  /```|^[ \t]*(?:import|export|const|let|function|class|def|#include|package|public)\b.*[;{(:][ \t]*$/mu.test(text);

const categories: readonly [string, (text: string) => boolean][] = [
  ["code", isCode],
  ["question", (text) => /[?？]\s*$/u.test(text)],
  [
    "preference",
    (text) => /\b(?:prefers?|likes?|loves?|hates?|dislikes?|favou?rites?)\b|喜欢|偏好|讨厌|最爱|爱吃/iu.test(text),
  ],
  ["plan", (text) => /\b(?:todo|plans?|deadline|remind|going to)\b|待办|计划|打算|截止|提醒/iu.test(text)],
  [
    "event",
    (text) =>
      /\d{4}(?:-|\/|年)\d{1,2}|\b(?:yesterday|today|tomorrow|met|meeting)\b|昨天|今天|明天|会议|见面/iu.test(text),
  ],
];

const categoryOf = (text: string): string => categories.find(([, holds]) => holds(text))?.[0] ?? "general";
