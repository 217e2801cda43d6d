const words: Readonly<Record<string, number>> = Object.fromEntries(
  "zero one two three four five six seven eight nine ten eleven twelve".split(" ").map((word, value) => [word, value]),
);
const digits: Readonly<Record<string, number>> = {
  ...Object.fromEntries("零一二三四五六七八九".split("").map((digit, value) => [digit, value])),
  两: 2,
  〇: 0,
};

/** Patterns of the numbers that `numberOf` reads. */
export const englishNumber = `\\d{1,4}|an?|${Object.keys(words).slice(1).join("|")}`;
export const chineseNumber = "(?<!\\d)\\d{1,3}|[零〇一二两三四五六七八九十百]{1,5}";

/** `12`, `a`, `twelve`, `十二`; undefined for anything else. */
export function numberOf(text: string): number | undefined {
  const lower = text.trim().toLowerCase();
  if (/^\d{1,9}$/.test(lower)) return Number(lower);
  if (/^an?$/.test(lower)) return 1;
  return words[lower] ?? chineseNumberOf(lower);
}

/** Up to 999: 两, 十, 二十一, 一百零五; and digit by digit: 二〇二五. */
function chineseNumberOf(text: string): number | undefined {
  if (/^[零〇一二三四五六七八九]{2,4}$/.test(text))
    return Number(
      text
        .split("")
        .map((digit) => digits[digit])
        .join(""),
    );
  const found =
    /^(?:([一二两三四五六七八九])百零?)?(?:([一二三四五六七八九])?(十))?([零〇一二两三四五六七八九])?$/.exec(text);
  if (!found || text === "") return undefined;
  const [, hundreds = "", tens = "", ten, ones = ""] = found;
  return (digits[hundreds] ?? 0) * 100 + (ten ? (digits[tens] ?? 1) * 10 : 0) + (digits[ones] ?? 0);
}
