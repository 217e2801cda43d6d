import { Unreadable } from "./extracted.ts";
import type { Found } from "./extracted.ts";
import { readXml } from "./markup.ts";
import { officeProperties, titled } from "./office-properties.ts";
import { Outline } from "./outline.ts";
import type { Zip } from "./zip.ts";

const document = "word/document.xml";
const notes = ["word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"];

/** DOCX: paragraphs under their headings, tables row by row, then notes and comments. */
export function readWord(zip: Zip, maxChars: number): Found {
  const bytes = zip.read(document);
  if (bytes === undefined) throw new Unreadable(`damaged: it has no ${document}`);
  const outline = new Outline(maxChars);
  readParagraphs(bytes, outline, headingLevels(zip));
  for (const name of notes) {
    const part = zip.read(name);
    if (part === undefined) continue;
    outline.open(name.slice("word/".length, -".xml".length));
    readParagraphs(part, outline, new Map());
  }
  const { firstHeading } = outline;
  return {
    kind: "document",
    unit: "part",
    sections: outline.sections,
    isCut: outline.isCut,
    ...(firstHeading === undefined ? {} : { title: firstHeading }),
    ...titled(officeProperties(zip)),
  };
}

function readParagraphs(bytes: Uint8Array, outline: Outline, levels: ReadonlyMap<string, number>): void {
  let text = "";
  let isText = false;
  let level: number | undefined;
  /** Tables inside of tables are read as one. */
  let rows = 0;
  readXml(bytes, {
    opens: (name, attributes) => {
      if (name === "w:t") isText = true;
      else if (name === "w:tab") text += "\t";
      else if (name === "w:br" || name === "w:cr") text += "\n";
      else if (name === "w:tr") rows++;
      else if (name === "w:pStyle") level = levels.get(attributes["w:val"] ?? "");
      else if (name === "w:outlineLvl") level ??= levelOf(attributes["w:val"]);
    },
    text: (found) => {
      if (isText) text += found;
    },
    closes: (name) => {
      if (name === "w:t") isText = false;
      else if (name === "w:tc") text = `${text.trimEnd()}\t`;
      else if (name === "w:tr") {
        rows--;
        outline.add(`${text.trimEnd()}\n`);
        text = "";
      } else if (name === "w:p" && rows > 0) text += " ";
      else if (name === "w:p") {
        if (level !== undefined && text.trim() !== "") outline.open(text, { level });
        if (text.trim() !== "") outline.add(`${text.trim()}\n\n`);
        text = "";
        level = undefined;
      }
    },
    isDone: () => outline.isCut,
  });
}

/** Which styles are headings: their ids differ by the language of the program that wrote them, the names do not. */
function headingLevels(zip: Zip): Map<string, number> {
  const levels = new Map<string, number>();
  for (let level = 1; level <= 9; level++) levels.set(`Heading${level}`, level);
  levels.set("Title", 1);
  const bytes = zip.read("word/styles.xml");
  if (bytes === undefined) return levels;
  let style = "";
  readXml(bytes, {
    opens: (name, attributes) => {
      const value = attributes["w:val"] ?? "";
      if (name === "w:style") style = attributes["w:styleId"] ?? "";
      else if (name === "w:name") {
        const [, level] = /^(?:heading|标题)\s?([1-9])$/i.exec(value.slice(0, 40)) ?? [];
        if (level !== undefined) levels.set(style, Number(level));
        else if (value.toLowerCase() === "title") levels.set(style, 1);
      } else if (name === "w:outlineLvl" && style !== "" && !levels.has(style)) {
        const level = levelOf(value);
        if (level !== undefined) levels.set(style, level);
      }
    },
  });
  return levels;
}

/** 9 is body text. */
function levelOf(value: string | undefined): number | undefined {
  const level = Number(value);
  return Number.isInteger(level) && level >= 0 && level < 9 ? level + 1 : undefined;
}
