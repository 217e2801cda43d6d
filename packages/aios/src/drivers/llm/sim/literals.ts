/** A piece of a text that stands for itself: a sum, a path, a query. */
export interface Literal {
  readonly text: string;
  readonly at: number;
}

const all = (text: string, pattern: RegExp): Literal[] =>
  [...text.matchAll(pattern)].map((match) => ({
    text: match[1] ?? match[0],
    at: match.index + match[0].indexOf(match[1] ?? match[0]),
  }));

/** Sums like `12 * (3 + 4)`, `sqrt(2) / 3`, `17 × 23`; the signs × ÷ − become * / -. */
export function arithmeticIn(text: string): Literal[] {
  const operand = String.raw`(?:(?:sqrt|sin|cos|tan|log|ln|exp|abs|pow|round|floor|ceil)?\(*\s*-?\d+(?:[.,]\d+)?%?(?:\s*\))*)`;
  const pattern = new RegExp(String.raw`${operand}(?:\s*[-+*/^×÷−%]\s*${operand})+`, "g");
  return all(text, pattern)
    .map(({ text: found, at }) => ({ text: found.trim(), at: at + found.length - found.trimStart().length }))
    .filter(({ text: found, at }) => !isDateOrPath(text, found, at))
    .map(({ text: found, at }) => ({ text: balanced(normalized(found)), at }));
}

/** Names of files: `notes/today.md`, `/shared/today.md`, `"报告.txt"`, `data.json`. Not addresses, versions or sums. */
export function pathsIn(text: string): Literal[] {
  return all(
    text,
    /(?<![\p{L}\p{N}:/@.-])(\/?(?:[\p{L}\p{N}_-]+\/)*[\p{L}\p{N}_-]+\.(?!\d+\b)[A-Za-z][A-Za-z0-9]{0,7})(?![\p{L}\p{N}@([])/gu,
  )
    .map(trimHan)
    .filter(({ text: found }) => !/^(?:e\.g|i\.e|www\.|Node\.js)/i.test(found));
}

export const urlsIn = (text: string): Literal[] => all(text, /https?:\/\/[^\s"'<>()，。]+[^\s"'<>()，。.,;:!?]/g);
export const emailsIn = (text: string): Literal[] => all(text, /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g);
export const numbersIn = (text: string): number[] => (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
export const quotedIn = (text: string): Literal[] => all(text, /[`"'“「《]([^`"'”」》\n]{1,200})[`"'”」》]/g);

/** JSONata-like: `$sum(items.price)`, `items[0].name`, `orders.total`. */
export function queriesIn(text: string): Literal[] {
  const paths = new Set(
    pathsIn(text)
      .filter(({ text: path }) => hasFileEnding(path))
      .map(({ at }) => at),
  );
  return all(
    text,
    /(?:\$[a-z]\w*\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|(?<![\w/.])[A-Za-z_]\w*(?:\[[^\]\n]*\]|\.[A-Za-z_]\w*)+)(?![\w/])/g,
  ).filter(({ at }) => !paths.has(at));
}

/** The outermost JSON objects and arrays that parse. */
export function jsonIn(text: string): Literal[] {
  const found: Literal[] = [];
  for (let at = 0; at < text.length; at++) {
    const open = text[at];
    if (open !== "{" && open !== "[") continue;
    const end = closing(text, at);
    if (end === undefined) continue;
    const candidate = text.slice(at, end + 1);
    if (isJson(candidate)) {
      found.push({ text: candidate, at });
      at = end;
    }
  }
  return found;
}

/** Content words of a text without numbers, sums and signs, at most `limit`. */
export const keywordsIn = (text: string, limit: number): string[] => {
  // The beginning says what it is about; reading 8 KB would cost more than all the rest of an answer.
  const words =
    text.slice(0, 2000).match(/\p{Script=Han}{2,6}|[\p{Script=Latin}][\p{Script=Latin}\p{N}'-]{3,}/gu) ?? [];
  return [...new Set(words)].slice(0, limit);
};

const fileEndings = new Set(
  "md txt json csv yaml yml ts js mjs py html htm css xml log pdf doc docx xls xlsx toml ini sh sql tex rst png jpg".split(
    " ",
  ),
);
const hasFileEnding = (path: string) =>
  path.includes("/") || fileEndings.has(path.slice(path.lastIndexOf(".") + 1).toLowerCase());

const normalized = (sum: string) =>
  sum
    .replaceAll("×", "*")
    .replaceAll("÷", "/")
    .replaceAll("−", "-")
    .replaceAll(/(\d),(\d{3})/g, "$1$2")
    .trim();

/** Drops brackets without a partner: those of the sentence around the sum. */
function balanced(sum: string): string {
  let open = 0;
  let text = "";
  for (const character of sum) {
    if (character === ")" && open === 0) continue;
    if (character === "(") open++;
    if (character === ")") open--;
    text += character;
  }
  for (let surplus = open; surplus > 0; surplus--) {
    const at = text.startsWith("(") ? 0 : text.lastIndexOf("(");
    text = text.slice(0, at) + text.slice(at + 1);
  }
  return text.trim();
}

/** 2026-07-28, 1/2/2026, a phone number or a piece of a path is no sum. */
function isDateOrPath(text: string, sum: string, at: number): boolean {
  if (/^\s*\d{1,4}([-/])\d{1,2}\1\d{1,4}\s*$/.test(sum)) return true;
  if (/^\d+(?:-\d+)+$/.test(sum.trim())) return true;
  return /[\w/:]$/.test(text.slice(0, at)) || /^[\w/]/.test(text.slice(at + sum.length));
}

/** "把结果写入报告.txt" names 报告.txt: a run of Han before the name belongs to the sentence from its last verb on. */
function trimHan({ text, at }: Literal): Literal {
  const cut =
    /^\p{Script=Han}*(?:写入|写到|保存到|保存为|保存在|存入|存到|读取|打开|删除|文件|到|为|入|在|把|将|读)(?=[\p{L}\p{N}_])/u.exec(
      text,
    )?.[0].length ?? 0;
  return { text: text.slice(cut), at: at + cut };
}

function closing(text: string, start: number): number | undefined {
  let depth = 0;
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === "\\") at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth === 0) return at;
    }
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Not JSON: that is the answer.
    return false;
  }
}
