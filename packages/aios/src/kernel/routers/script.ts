import type { ChatArgs } from "@aiosjs/sdk/protocol";

/** What a script tells of a language. Latin script tells none: English and French look alike here. */
export const scripts = ["zh", "ja", "ko", "ru", "ar", "he", "hi", "th", "el", "latin"] as const;
export type Script = (typeof scripts)[number];

const MAX_CHARS = 2_000;

/** Ideographs and syllables count one by one, letters of an alphabet by words. Thai has no spaces: five letters a word. */
const patterns: readonly (readonly [Script | "kana", RegExp, number])[] = [
  ["zh", /\p{Script=Han}/gu, 1],
  ["kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 1],
  ["ko", /\p{Script=Hangul}/gu, 1],
  ["ru", /\p{Script=Cyrillic}+/gu, 1],
  ["ar", /\p{Script=Arabic}+/gu, 1],
  ["he", /\p{Script=Hebrew}+/gu, 1],
  ["hi", /\p{Script=Devanagari}[\p{Script=Devanagari}\p{M}]*/gu, 1],
  ["th", /\p{Script=Thai}/gu, 0.2],
  ["el", /\p{Script=Greek}+/gu, 1],
  ["latin", /\p{Script=Latin}+/gu, 1],
];

/** The script that most of a text is in; `undefined` without a letter. What stands in code fences is not language. */
export function scriptOf(text: string): Script | undefined {
  const prose = text.slice(0, MAX_CHARS).replaceAll(/```[\s\S]*?(```|$)/g, " ");
  const counts = new Map<Script, number>();
  let kana = 0;
  for (const [script, pattern, weight] of patterns) {
    let count = 0;
    for (const _ of prose.matchAll(pattern)) count += weight;
    if (script === "kana") kana = count;
    else counts.set(script, count);
  }
  // Japanese writes its nouns in Han; a Chinese text has no kana.
  if (kana > 0) {
    counts.set("ja", kana + (counts.get("zh") ?? 0));
    counts.set("zh", 0);
  }
  let best: Script | undefined;
  for (const [script, count] of counts) if (count > 0 && count > (best ? (counts.get(best) ?? 0) : 0)) best = script;
  return best;
}

/** Text of the last thing that the user said. */
export function lastUserText({ messages }: Pick<ChatArgs, "messages">): string {
  const content = messages.findLast(({ role }) => role === "user")?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}
