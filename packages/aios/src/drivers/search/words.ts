/** Longer ones (keys, hashes, base64) are cut; a joined name that is longer is left to its parts. */
const MAX_WORD_CHARS = 64;

/** Scripts that put no space between words. */
const unspaced =
  "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー]";
// ASCII first: most text is, and is passed without a look at the scripts.
const spaced = `(?:[A-Za-z0-9_]|(?!${unspaced})[\\p{L}\\p{M}\\p{N}])`;
const runs = new RegExp(`(${unspaced}+)|${spaced}+(?:[-.:/@+]${spaced}+)*`, "gu");
const possessive = /['’]s(?![\p{L}\p{N}])/giu;
const apostrophe = /(?<=\p{L})['’](?=\p{L})/gu;
const plainWord = /^(?:[a-z0-9]+|[A-Z][a-z0-9]*)$/;
const joint = /[-.:/@+_]+/u;
const hump = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u;
const hanWord = /^\p{Script=Han}+$/u;
/** The dictionary for Chinese and Japanese is the same in every locale; one is named so that no host's setting matters. */
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

/**
 * The words by which a text is found, in order: NFKC, lower case. Chinese, Japanese and Thai are cut by the dictionary of
 * `Intl.Segmenter` (measured: all text cut by it takes seven times as long, so the rest is cut at what is no letter);
 * the pairs in a Chinese word of three characters or more, and of neighbours that the dictionary leaves single, are found too,
 * because it cuts the same words differently elsewhere.
 * A joined name (`gpu-3`, `kill_nine`, `runQueue`) is found whole and by its parts. English plurals lose their end
 * (the S-stemmer of D. Harman, "How effective is suffixing?", JASIS 42, 1991; without its rule that
 * keeps -us, so that GPUs are found by GPU): nothing else is stemmed.
 */
export function words(text: string): string[] {
  const found: string[] = [];
  const plain = text.normalize("NFKC").replace(possessive, "").replace(apostrophe, "");
  for (const [run, isUnspaced] of plain.matchAll(runs)) {
    if (isUnspaced === undefined) addSpaced(run, found);
    else addUnspaced(run, found);
  }
  return found;
}

function addSpaced(run: string, found: string[]): void {
  if (plainWord.test(run)) {
    found.push(stem(run.toLowerCase().slice(0, MAX_WORD_CHARS)));
    return;
  }
  const parts = run.split(joint).flatMap((part) => part.split(hump));
  if (parts.length > 1 && /[^_]/.test(run) && run.length <= MAX_WORD_CHARS) found.push(run.toLowerCase());
  for (const part of parts) if (part !== "") found.push(stem(part.toLowerCase().slice(0, MAX_WORD_CHARS)));
}

function addUnspaced(run: string, found: string[]): void {
  let single = "";
  for (const { segment, isWordLike } of segmenter.segment(run)) {
    if (isWordLike !== true) continue;
    found.push(segment.slice(0, MAX_WORD_CHARS));
    const characters = hanWord.test(segment) ? Array.from(segment) : [];
    if (characters.length === 1 && single !== "") found.push(single + segment);
    single = characters.length === 1 ? segment : "";
    if (characters.length < 3) continue;
    for (let at = 1; at < characters.length; at++) found.push(`${characters[at - 1]}${characters[at]}`);
  }
}

function stem(word: string): string {
  if (word.length <= 3 || !word.endsWith("s")) return word;
  if (word.endsWith("ies")) return /[ae]ies$/.test(word) ? word : `${word.slice(0, -3)}y`;
  if (word.endsWith("es")) return /[aeo]es$/.test(word) ? word : word.slice(0, -1);
  return word.endsWith("ss") ? word : word.slice(0, -1);
}
