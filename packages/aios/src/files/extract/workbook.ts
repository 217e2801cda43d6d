import { Unreadable } from "./extracted.ts";
import type { Found } from "./extracted.ts";
import { dateStyles, toDateText } from "./cell-dates.ts";
import { readXml } from "./markup.ts";
import { officeProperties, titled } from "./office-properties.ts";
import { oneLine, Outline } from "./outline.ts";
import type { Zip } from "./zip.ts";

/** XLSX: a section for each sheet, its rows line by line with tabs between cells; its heading names sheet and first row. */
export function readWorkbook(zip: Zip, maxChars: number): Found {
  const sheets = sheetsOf(zip);
  const outline = new Outline(maxChars);
  const shared = sharedStrings(zip, maxChars);
  const dates = dateStyles(zip);
  const problems: string[] = [];
  for (const [index, { name, part }] of sheets.entries()) {
    if (outline.isCut) break;
    try {
      const bytes = zip.read(part);
      if (bytes === undefined) continue;
      let isFirst = true;
      readRows(bytes, { shared, dates }, (row) => {
        if (isFirst)
          outline.open(oneLine(`${name}: ${row.filter((cell) => cell !== "").join(", ")}`), { at: index + 1 });
        isFirst = false;
        outline.add(`${row.join("\t").trimEnd()}\n`);
        return outline.isCut;
      });
    } catch (cause) {
      // The other sheets are worth having.
      if (!(cause instanceof Unreadable)) throw cause;
      problems.push(`${name}: ${cause.message}`);
    }
  }
  const { properties, ...title } = titled(officeProperties(zip));
  return {
    kind: "table",
    unit: "sheet",
    sections: outline.sections,
    isCut: outline.isCut || problems.length > 0,
    properties: {
      ...properties,
      sheets: sheets.length,
      sheetNames: oneLine(sheets.map(({ name }) => name).join(", ")),
    },
    ...title,
    ...(problems.length > 0 ? { problem: problems[0]! } : {}),
  };
}

interface Sheet {
  readonly name: string;
  readonly part: string;
}

function sheetsOf(zip: Zip): Sheet[] {
  const workbook = zip.read("xl/workbook.xml");
  if (workbook === undefined) throw new Unreadable("damaged: it has no xl/workbook.xml");
  const targets = new Map<string, string>();
  const relations = zip.read("xl/_rels/workbook.xml.rels");
  if (relations)
    readXml(relations, {
      opens: (name, { Id = "", Target = "" }) => {
        if (name === "Relationship") targets.set(Id, Target.startsWith("/") ? Target.slice(1) : `xl/${Target}`);
      },
    });
  const sheets: Sheet[] = [];
  readXml(workbook, {
    opens: (name, attributes) => {
      if (name !== "sheet") return;
      const part = targets.get(attributes["r:id"] ?? "") ?? `xl/worksheets/sheet${sheets.length + 1}.xml`;
      sheets.push({ name: attributes["name"] ?? `${sheets.length + 1}`, part });
    },
  });
  return sheets;
}

/** Texts that cells refer to by their number; those that no kept text could hold are not read. */
function sharedStrings(zip: Zip, maxChars: number): string[] {
  const bytes = zip.read("xl/sharedStrings.xml");
  const found: string[] = [];
  if (bytes === undefined) return found;
  let text = "";
  let total = 0;
  let isText = false;
  let isReading = false;
  readXml(bytes, {
    opens: (name) => {
      if (name === "t") isText = !isReading;
      // How a Chinese or Japanese text is pronounced stands beside it.
      else if (name === "rPh") isReading = true;
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    closes: (name) => {
      if (name === "t") isText = false;
      else if (name === "rPh") isReading = false;
      else if (name === "si") {
        found.push(text.replaceAll(/\s+/g, " "));
        total += text.length;
        text = "";
      }
    },
    isDone: () => total > 4 * maxChars,
  });
  return found;
}

interface Cells {
  readonly shared: readonly string[];
  readonly dates: ReadonlySet<number>;
}

const mostColumns = 512;

function readRows(bytes: Uint8Array, { shared, dates }: Cells, take: (row: readonly string[]) => boolean): void {
  let row: string[] = [];
  let type = "";
  let style = 0;
  let column = 0;
  let value = "";
  let isValue = false;
  let isDone = false;
  readXml(bytes, {
    opens: (name, attributes) => {
      if (name === "row") row = [];
      else if (name === "c") {
        type = attributes["t"] ?? "n";
        style = Number(attributes["s"] ?? 0);
        column = columnOf(attributes["r"]) ?? row.length;
        value = "";
      } else if (name === "v" || (name === "t" && type === "inlineStr")) isValue = true;
    },
    text: (text) => {
      if (isValue) value += text;
    },
    closes: (name) => {
      if (name === "v" || name === "t") isValue = false;
      else if (name === "c" && value !== "" && column < mostColumns) {
        while (row.length < column) row.push("");
        row[column] = cellText();
      } else if (name === "row" && row.length > 0 && !isDone) isDone = take(row);
    },
    isDone: () => isDone,
  });

  function cellText(): string {
    if (type === "s") return shared[Number(value)] ?? "";
    if (type === "b") return value === "1" ? "TRUE" : "FALSE";
    if (type === "n" && dates.has(style)) return toDateText(Number(value)) ?? value;
    return value.replaceAll(/\s+/g, " ");
  }
}

/** `AB12` is column 27. */
function columnOf(reference: string | undefined): number | undefined {
  const [, letters] = /^([A-Z]{1,3})\d{1,7}$/.exec(reference ?? "") ?? [];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}
