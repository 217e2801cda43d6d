import type { Found } from "./extracted.ts";
import { readHtml } from "./markup.ts";
import { oneLine, Outline } from "./outline.ts";

const unseen = new Set(["script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select"]);
const inline = new Set(
  "a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span strong sub sup time tt u var wbr".split(
    " ",
  ),
);
const kept = new Map([
  ["author", "author"],
  ["description", "description"],
  ["keywords", "keywords"],
  ["article:published_time", "created"],
  ["date", "created"],
]);
const whitespace = /[ \t\n\f\u00a0]+/g;

/** The text that a browser shows, by its headings, with what images are said to show. */
export function readHtmlFile(html: string, maxChars: number): Found {
  const outline = new Outline(maxChars);
  const properties: Record<string, string> = {};
  let title = "";
  let isTitle = false;
  /** Names of the elements that hide what is inside of them. */
  const hiding: string[] = [];
  let heading: { readonly level: number; text: string } | undefined;
  const write = (text: string): void => {
    if (heading) heading.text += text;
    else outline.add(text);
  };
  readHtml(html, {
    opens: (name, attributes) => {
      if (name === "meta") {
        const key = kept.get((attributes["name"] ?? attributes["property"] ?? "").toLowerCase());
        if (key !== undefined && attributes["content"]) properties[key] = oneLine(attributes["content"]);
      }
      if (name === "html" && attributes["lang"]) properties["language"] = oneLine(attributes["lang"]);
      if (name === "title" && title === "") isTitle = true;
      // An element that hides ends where one of its name does: those inside of it are counted.
      if (hiding.length > 0 ? hiding.at(-1) === name : unseen.has(name) || isHidden(attributes)) hiding.push(name);
      if (hiding.length > 0) return;
      if (/^h[1-6]$/.test(name)) heading = { level: Number(name.charAt(1)), text: "" };
      else if (name === "td" || name === "th") write("\t");
      else if (!inline.has(name)) write(name === "p" ? "\n\n" : "\n");
      const shown = attributes["alt"] ?? attributes["aria-label"];
      if (name === "img" && shown) write(` ${shown.trim()} `);
    },
    closes: (name) => {
      if (name === "title") isTitle = false;
      if (hiding.at(-1) === name) hiding.pop();
      else if (heading && name === `h${heading.level}`) {
        const { level, text } = heading;
        heading = undefined;
        outline.open(text, { level });
        outline.add(`${text.trim()}\n\n`);
      } else if (hiding.length === 0 && !inline.has(name)) write("\n");
    },
    text: (text) => {
      if (isTitle) title += text.slice(0, 1000);
      else if (hiding.length === 0) write(text.replaceAll(whitespace, " "));
    },
    isDone: () => outline.isCut,
  });
  if (heading) outline.add(heading.text);
  const sections = outline.sections.map((section) => ({ ...section, text: tidy(section.text) }));
  const named = oneLine(title) || outline.firstHeading;
  return { kind: "html", unit: "part", sections, isCut: outline.isCut, properties, ...(named ? { title: named } : {}) };
}

const isHidden = (attributes: Readonly<Record<string, string>>): boolean =>
  "hidden" in attributes ||
  attributes["aria-hidden"] === "true" ||
  /display\s{0,9}:\s{0,9}none/i.test((attributes["style"] ?? "").slice(0, 1000));

/** Spaces at the ends of lines and more than one empty line go. */
function tidy(text: string): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.replaceAll(/ {2,}/g, " ").trim();
    if (trimmed !== "" || (lines.length > 0 && lines.at(-1) !== "")) lines.push(trimmed);
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
