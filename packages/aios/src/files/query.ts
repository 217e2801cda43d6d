import { name, takeEvents, takeTimes, withTimes } from "./query-events.ts";
import type { FileRequest, Found } from "./query-events.ts";
import { fillers, kindWords, knownExtensions, namedExtensions } from "./query-words.ts";
import type { FileKind } from "./query-words.ts";
import { quotedMark, unquote } from "./plan/quoted.ts";
import type { Calendar } from "./plan/times.ts";

/** UTF-16 units; what is behind them is searched for as it is. The worst of them take some 40 ms; measured. */
const MAX_READ = 500;

/**
 * Filters out of a request in English or Chinese: "the contract about GPUs that I edited last week". What is taken as a
 * filter is taken out of the text; nothing in quotes is, and that must stand in the file as it is.
 */
export function fileRequestOf(request: string, calendar: Calendar): FileRequest {
  const { text, restored, contents } = unquote(request.slice(0, MAX_READ));
  const found: Found = { times: [], filters: {}, kinds: new Set(), extensions: new Set() };
  let rest = withTimes(text.replaceAll(/\s+/g, " "), found, calendar);
  for (const take of [takeEvents, takeTimes, takeAuthor, takeFolder, takeExtensions, takeKinds])
    rest = take(rest, found);
  rest = withoutFillers(rest);
  const { filters, kinds, extensions } = found;
  const phrases = contents.filter((content) => /[\p{L}\p{N}]/u.test(content));
  return {
    text: `${restored(rest)}${request.slice(MAX_READ)}`.trim(),
    ...(phrases.length > 0 ? { phrases } : {}),
    ...filters,
    ...(kinds.size > 0 ? { kinds: [...kinds] } : {}),
    ...(extensions.size > 0 ? { extensions: [...extensions] } : {}),
  };
}

const author = new RegExp(
  `(?<![\\p{L}\\p{N}_])(?:by|from)\\s+(?:(?:the\\s+)?agent\\s+(?<agent>${name})|@(?<mention>${name}))|(?<![\\p{L}\\p{N}_])by\\s+(?<me>me)(?![\\p{L}])|由我`,
  "iu",
);
const takeAuthor = (text: string, { filters }: Found): string =>
  text.replace(author, (...parts) => {
    const groups = parts.at(-1) as Record<string, string | undefined>;
    const agent = groups["agent"] ?? groups["mention"];
    filters.by ??= agent ?? "me";
    return " ";
  });

/** Bounds keep what is tried in many ways small. */
const notMark = `[^\\s,，。"'\\uE000-\\uF8FF]`;
const folder = new RegExp(
  [
    `(?<![\\p{L}\\p{N}_])(?:in|under|inside|within|from)\\s+(?:the\\s+)?(?:folder|directory)\\s+(?<named>${notMark}{1,200})`,
    `(?<![\\p{L}\\p{N}_])(?:in|under|inside|within|from)\\s+(?:the\\s+)?(?<latin>[\\p{L}\\p{N}_.\\-/]{1,200})\\s+(?:folder|directory)(?![\\p{L}])`,
    `(?<![\\p{L}\\p{N}_])(?:in|under|inside|within|from)\\s+(?<path>${notMark}{0,200}/${notMark}{0,200})`,
    `在?\\s*(?<zhPath>(?:[\\p{L}\\p{N}_.\\-]{0,60}/){1,20}[A-Za-z0-9_.\\-]{0,60})\\s*(?:文件夹|目录)?(?:下面|下|里面|里|中|内)的?`,
    `(?:在|位于)?\\s*(?<zhNamed>[\\p{L}\\p{N}_.\\-/]{1,60}?)\\s*(?:文件夹|目录)(?:下面|下|里面|里|中|内)的?`,
  ].join("|"),
  "iu",
);

const takeFolder = (text: string, { filters }: Found): string =>
  text.replace(folder, (...parts) => {
    const groups = parts.at(-1) as Record<string, string | undefined>;
    const path = groups["named"] ?? groups["latin"] ?? groups["path"] ?? groups["zhPath"] ?? groups["zhNamed"] ?? "";
    filters.under = path.replace(/^(?:在|位于|找|查找|搜索)/, "").replace(/(?<=.)\/+$/, "");
    return " ";
  });

const dotted =
  /(?<![\p{L}\p{N}_*./-])\*?\.(?<extension>[a-z0-9]{1,8})(?![\p{L}\p{N}_./-]|\s*=)(?:\s*(?:files?(?![\p{L}])|文件))?的?/giu;
const spelled = new RegExp(
  `(?<![\\p{L}\\p{N}_.])(?:(?<named>${Object.keys(namedExtensions).join("|")})\\s*(?<what>files?|code|scripts?|documents?|sources?|文件|代码|脚本|源码|文档)|(?<extension>${knownExtensions})\\s*(?:files?|文件))(?![A-Za-z0-9_])`,
  "giu",
);

function takeExtensions(text: string, { extensions, kinds }: Found): string {
  return text
    .replaceAll(dotted, (...parts) => {
      extensions.add(((parts.at(-1) as Record<string, string>)["extension"] ?? "").toLowerCase());
      return " ";
    })
    .replaceAll(spelled, (...parts) => {
      const groups = parts.at(-1) as Record<string, string | undefined>;
      const one = groups["extension"]?.toLowerCase();
      for (const each of one ? [one] : (namedExtensions[groups["named"]?.toLowerCase() ?? ""] ?? []))
        extensions.add(each);
      if (/code|script|source|代码|脚本|源码/i.test(groups["what"] ?? "")) kinds.add("code");
      return " ";
    });
}

/**
 * A kind is one only where it is what the request is for: a phrase's last word, not one that says of which kind another is; in
 * Chinese a word of its own: 申请表格 is what a file may be called.
 */
const kindPatterns = Object.entries(kindWords).map(([kind, { en, zh }]) => ({
  kind: kind as FileKind,
  pattern: new RegExp(
    `(?<![\\p{L}\\p{N}_-])(?:${en})(?=\\s*(?:$|[,.?!]|${quotedMark}|(?:about|on|of|that|which|with|named|called|in|from|for|regarding|mentioning|containing|and|or)(?![\\p{L}])))(?! of conduct)|(?<=^|[\\s的和或、了找]|所有|全部|[那这]些)(?:${zh})(?=\\s*(?:$|[，。？！和或、]))`,
    "giu",
  ),
}));

function takeKinds(text: string, { kinds }: Found): string {
  let rest = text;
  for (const { kind, pattern } of kindPatterns)
    rest = rest.replaceAll(pattern, () => {
      kinds.add(kind);
      return " ";
    });
  return rest;
}

function withoutFillers(text: string): string {
  const tidy = text.replaceAll(/\s+/g, " ").trim();
  const led = tidy.replace(fillers.leading, "");
  const ended = led.replace(fillers.trailing, "");
  // What is left of "pictures about cats": what they are about.
  return (/的\s*$/.test(led) ? ended.replace(/^(?:关于|有关)\s*/, "") : ended).replaceAll(/\s+/g, " ").trim();
}
