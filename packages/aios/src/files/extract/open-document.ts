import { Unreadable } from "./extracted.ts";
import type { Found } from "./extracted.ts";
import { readXml } from "./markup.ts";
import { officeProperties, titled } from "./office-properties.ts";
import { Outline } from "./outline.ts";
import type { Zip } from "./zip.ts";

const mostRepeats = 1000;

/** ODT, ODS and ODP: headings and paragraphs; tables row by row, each sheet or slide a section. */
export function readOpenDocument(zip: Zip, type: string, maxChars: number): Found {
  const bytes = zip.read("content.xml");
  if (bytes === undefined) throw new Unreadable("damaged: it has no content.xml");
  if (/manifest:encryption-data/.test(new TextDecoder().decode(zip.read("META-INF/manifest.xml")?.subarray(0, 65_536))))
    throw new Unreadable("encrypted: it opens with a password only");
  const isTable = type.includes("spreadsheet");
  const isSlides = type.includes("presentation");
  const outline = new Outline(maxChars);
  let text = "";
  let pieces = 0;
  let row: string[] | undefined;
  let repeats = 1;
  let level: number | undefined;
  let isInside = false;
  readXml(bytes, {
    opens: (name, attributes) => {
      if (name === "office:body") isInside = true;
      else if (name === "text:h") level = Math.min(9, Number(attributes["text:outline-level"]) || 1);
      else if (name === "text:tab") text += "\t";
      else if (name === "text:line-break") text += "\n";
      else if (name === "text:s") text += " ";
      else if ((name === "table:table" && isTable) || name === "draw:page")
        outline.open(attributes["table:name"] ?? attributes["draw:name"] ?? "", { at: ++pieces });
      else if (name === "table:table-row") row = [];
      else if (name === "table:table-cell") {
        repeats = Math.min(mostRepeats, Number(attributes["table:number-columns-repeated"]) || 1);
        text = "";
      }
    },
    text: (found) => {
      if (isInside && found.trim() !== "") text += found;
      else if (isInside && text !== "") text += " ";
    },
    closes: (name) => {
      if (name === "table:table-cell" && row) {
        const cell = text.trim();
        // What spreadsheets repeat a thousand times is the emptiness at the right.
        if (row.length < mostRepeats)
          row.push(...Array<string>(cell === "" ? Math.min(repeats, 20) : repeats).fill(cell));
        text = "";
      } else if (name === "table:table-row" && row) {
        const line = row.join("\t").trimEnd();
        if (line.trim() !== "") outline.add(`${line}\n`);
        row = undefined;
      } else if ((name === "text:p" || name === "text:h") && row === undefined) {
        if (level !== undefined) outline.open(text, { level });
        if (text.trim() !== "") outline.add(`${text.trim()}\n\n`);
        level = undefined;
        text = "";
      } else if (name === "text:p") text += " ";
    },
    isDone: () => outline.isCut,
  });
  const { properties, ...title } = titled(officeProperties(zip));
  return {
    kind: isTable ? "table" : "document",
    unit: isTable ? "sheet" : isSlides ? "slide" : "part",
    sections: outline.sections,
    isCut: outline.isCut,
    properties: { ...properties, ...(isTable ? { sheets: pieces } : isSlides ? { slides: pieces } : {}) },
    ...title,
  };
}
