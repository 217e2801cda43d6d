import { Buffer } from "node:buffer";
import { isMostlyHan } from "./lexicon.ts";
import { keywordsIn } from "./literals.ts";
import type { Draws } from "./prng.ts";
import { tokenOffsets } from "./tokens.ts";

type Templates = readonly [string, ...string[]];

const english: Templates = [
  "The question of {0} comes down to how it meets {1}.",
  "Where {0} is scarce, {1} decides the order of work.",
  "First {0} is settled, then {1} follows from it.",
  "It helps to keep {0} and {1} apart.",
  "In practice {0} changes slowly, while {1} changes often.",
  "A plain account of {0} names what is known, what is assumed and what is missing.",
  "Most of the effort goes into {0}, and the rest into {1}.",
  "What speaks for {0} is that it can be checked.",
  "One step at a time, {0} leads to {1}.",
  "The short answer is {0}, and the long one adds {1}.",
];

const chinese: Templates = [
  "关于{0}的问题，关键在于它与{1}的关系。",
  "在{0}有限时，{1}决定先后顺序。",
  "先确定{0}，再由此得出{1}。",
  "最好把{0}和{1}分开来看。",
  "实际上，{0}变化较慢，而{1}变化较快。",
  "对{0}的说明应写清已知、假设和缺少的部分。",
  "大部分工作在于{0}，其余在于{1}。",
  "一步一步来，{0}会引向{1}。",
];

/** Seeded sentences about the words of a text, in its language, of at least `tokens` tokens. */
export function prose(about: string, draws: Draws, tokens: number): string {
  const isHan = isMostlyHan(about);
  const words = keywordsIn(about, 40);
  const fallback = isHan ? ["这个问题", "下一步"] : ["the matter", "the next step"];
  const subjects = (words.length >= 2 ? words : fallback) as [string, ...string[]];
  const templates = isHan ? chinese : english;
  const sentences: string[] = [];
  for (let bytes = 0; bytes < tokens * 4;) {
    const sentence = draws.pick(templates).replace("{0}", draws.pick(subjects)).replace("{1}", draws.pick(subjects));
    sentences.push(sentence);
    bytes += Buffer.byteLength(sentence) + (isHan || sentences.length === 1 ? 0 : 1);
  }
  return sentences.join(isHan ? "" : " ");
}

/** The first `tokens` tokens of a text, ending like a sentence. */
export function cutToTokens(text: string, tokens: number): string {
  const tokenized = tokenOffsets(text);
  if (tokenized.count <= tokens) return text;
  const cut = text.slice(0, tokenized.offset(tokens));
  const stop = /\p{Script=Han}$/u.test(cut) ? "。" : ".";
  return /[\p{L}\p{N},，、]$/u.test(cut) ? cut.replace(/.$/u, stop) : cut;
}
