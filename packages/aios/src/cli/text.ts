/** One sentence in both languages, side by side; `{name}` stands for a value. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

export type Lang = keyof Text;

type NamesIn<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The values that a sentence asks for: none, or one object that has them all. */
export type ValuesOf<T extends Text> = [NamesIn<T["en"]>] extends [never]
  ? []
  : [values: Readonly<Record<NamesIn<T["en"]>, string | number>>];

/** The sentence in `lang`, with its values filled in. */
export function translate<const T extends Text>(lang: Lang, text: T, ...[values]: ValuesOf<T>): string {
  return fill(lang, text, values ?? {});
}

/** The same for a sentence whose values are known at run time only. */
export const fill = (lang: Lang, text: Text, values: Readonly<Record<string, string | number>>): string =>
  text[lang].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** `--lang` wins, then `AIOS_LANG`, then what the system says; English where nobody says anything. */
export function detectLang(env: Readonly<Record<string, string | undefined>>, wanted?: string): Lang {
  const said = (wanted ?? env["AIOS_LANG"]) || env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"];
  return /^zh/i.test(said ?? "") ? "zh" : "en";
}

/** A catalogue's sentences in one language. */
export function inLanguage<Key extends string>(lang: Lang, texts: Readonly<Record<Key, Text>>): Record<Key, string> {
  return Object.fromEntries(Object.entries<Text>(texts).map(([key, text]) => [key, text[lang]])) as Record<Key, string>;
}
