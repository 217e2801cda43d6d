import type { Found } from "./extracted.ts";
import { oneLine } from "./outline.ts";
import { outlineLines } from "./read-lines.ts";
import type { LineHeading } from "./read-lines.ts";

const hashes = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const underline = /^ {0,3}(=+|-+)[ \t]*$/;
const fence = /^ {0,3}(```|~~~)/;
const property = /^([\p{L}\w-]{1,60}):[ \t]+(.+)$/u;
const mostProperties = 64;

/** Sections by headings (`#`, underlined), properties by the block of `name: value` lines that the file may begin with. */
export function readMarkdown(text: string, maxChars: number): Found {
  const front = frontMatter(text);
  let openFence: string | undefined;
  const { sections, isCut, firstHeading } = outlineLines(text, maxChars, ({ text: line, number }, before) => {
    if (number <= front.lines) return undefined;
    const mark = fence.exec(line)?.[1];
    if (mark !== undefined && (openFence === undefined || openFence === mark))
      openFence = openFence === undefined ? mark : undefined;
    return openFence === undefined ? headingIn(line, before.at(-1) ?? "") : undefined;
  });
  const title = front.properties["title"] ?? firstHeading;
  return {
    kind: "markdown",
    unit: "line",
    sections,
    isCut,
    properties: front.properties,
    ...(title === undefined ? {} : { title: String(title) }),
  };
}

function headingIn(line: string, above: string): LineHeading | undefined {
  const [, marks, name] = hashes.exec(line) ?? [];
  if (marks !== undefined && name !== undefined) return { name: name.replace(/[ \t]#+$/, ""), level: marks.length };
  const [, under] = underline.exec(line) ?? [];
  if (under === undefined || under.length < 2 || above.length > 200 || !/^ {0,3}[^\s>|*+\-#]/.test(above))
    return undefined;
  return { name: above, level: under.startsWith("=") ? 1 : 2, before: 1 };
}

interface FrontMatter {
  readonly properties: Readonly<Record<string, string>>;
  readonly lines: number;
}

function frontMatter(text: string): FrontMatter {
  const none = { properties: {}, lines: 0 };
  if (!text.startsWith("---\n")) return none;
  const end = text.indexOf("\n---", 3);
  if (end < 0 || end > 16_384) return none;
  const lines = text.slice(4, end).split("\n");
  const properties: Record<string, string> = Object.create(null);
  for (const line of lines.slice(0, mostProperties)) {
    const [, name, value] = line.length < 500 ? (property.exec(line) ?? []) : [];
    if (name !== undefined && value !== undefined)
      properties[name] = oneLine(value.trim().replace(/^(["'])(.*)\1$/, "$2"));
  }
  return { properties: { ...properties }, lines: lines.length + 2 };
}
