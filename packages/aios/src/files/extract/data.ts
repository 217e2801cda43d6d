import type { Found } from "./extracted.ts";
import { oneLine } from "./outline.ts";
import { outlineLines } from "./read-lines.ts";

/** How a line of a format begins what stands at the top: the group is its name. */
const tops: Readonly<Record<string, RegExp>> = {
  json: /^(?: {1,4}|\t)"((?:[^"\\]|\\.){1,200})"\s{0,9}:/,
  yaml: /^(["']?[\p{L}\w][\p{L}\w .\-/]{0,100}["']?)\s{0,9}:(?:\s|$)/u,
  toml: /^\[{1,2}([^\]]{1,200})\]/,
  xml: /^(?: {1,4}|\t)<([\p{L}_][\p{L}\w.:-]{0,100})/u,
};
const formats = new Map([
  ["json", "json"],
  ["json5", "json"],
  ["jsonc", "json"],
  ["geojson", "json"],
  ["ipynb", "json"],
  ["webmanifest", "json"],
  ["yaml", "yaml"],
  ["yml", "yaml"],
  ["toml", "toml"],
  ["ini", "toml"],
  ["cfg", "toml"],
  ["conf", "toml"],
  ["properties", "toml"],
  ["xml", "xml"],
  ["xsd", "xml"],
  ["plist", "xml"],
  ["jsonl", "jsonl"],
  ["ndjson", "jsonl"],
]);
const longestKeys = 1000;

/** Undefined: not the name of a data file. */
export const dataFormatOf = (extension: string): string | undefined => formats.get(extension);

/** A section for each name at the top; JSON that was written without line ends gets them. */
export function readData(text: string, format: string, maxChars: number): Found {
  const spread = format === "json" ? spreadJson(text) : text;
  const top = tops[format];
  let indent: number | undefined;
  const { sections, isCut } = outlineLines(spread, maxChars, ({ text: line }) => {
    const name = top?.exec(line)?.[1];
    // The first name stands at the top; what is further in belongs to one of these.
    if (name !== undefined) indent ??= line.search(/\S/);
    return name === undefined || line.search(/\S/) !== indent
      ? undefined
      : { name: name.replaceAll(/["']/g, ""), level: 1 };
  });
  const names = new Set(sections.map(({ heading }) => heading).filter((heading) => heading !== ""));
  const keys = [...names].join(", ").slice(0, longestKeys);
  const title = format === "json" || format === "yaml" ? ownTitle(spread) : undefined;
  return {
    kind: "data",
    // The lines of JSON that was spread out are not the file's.
    unit: spread === text ? "line" : "part",
    language: format,
    sections,
    isCut,
    properties: keys === "" ? {} : { keys },
    ...(title === undefined ? {} : { title }),
  };
}

function spreadJson(text: string): string {
  const isSpread = text.slice(0, 4000).includes("\n  ") || text.slice(0, 4000).includes("\n\t");
  if (isSpread) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 1);
  } catch {
    // Not JSON, or too deep to be written: it is searched as it stands.
    return text;
  }
}

function ownTitle(text: string): string | undefined {
  const [, quoted] = /^\s{0,4}"?(?:title|name)"?\s{0,4}:\s{0,4}["']?([^"'\n,]{1,200})/m.exec(text.slice(0, 2000)) ?? [];
  return quoted === undefined ? undefined : oneLine(quoted) || undefined;
}
