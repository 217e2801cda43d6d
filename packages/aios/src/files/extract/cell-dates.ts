import { readXml } from "./markup.ts";
import type { Zip } from "./zip.ts";

/** The built-in formats of dates and times, those of Chinese, Japanese and Korean workbooks among them. */
const isBuiltIn = (format: number): boolean =>
  (format >= 14 && format <= 22) || (format >= 27 && format <= 36) || (format >= 45 && format <= 58);

/** Which styles of an XLSX file show numbers as dates. */
export function dateStyles(zip: Zip): Set<number> {
  const styles = new Set<number>();
  const bytes = zip.read("xl/styles.xml");
  if (bytes === undefined) return styles;
  const own = new Set<number>();
  let style = 0;
  let isCell = false;
  readXml(bytes, {
    opens: (name, attributes) => {
      const format = Number(attributes["numFmtId"]);
      if (name === "numFmt" && isDateCode((attributes["formatCode"] ?? "").slice(0, 200))) own.add(format);
      else if (name === "cellXfs") isCell = true;
      else if (name === "xf" && isCell) {
        if (isBuiltIn(format) || own.has(format)) styles.add(style);
        style++;
      }
    },
    closes: (name) => {
      if (name === "cellXfs") isCell = false;
    },
  });
  return styles;
}

const isDateCode = (code: string): boolean =>
  /[ymdh]/i.test(code.replaceAll(/"[^"]*"|\[[^\]]*\]|\\./g, "")) && !/general/i.test(code);

const dayMs = 86_400_000;

/** Days since the last one of 1899, as ISO 8601; undefined: no date of ours. */
export function toDateText(days: number): string | undefined {
  if (!(days >= 0 && days < 2_958_466)) return undefined;
  const text = new Date(Date.UTC(1899, 11, 30) + Math.round(days * dayMs)).toISOString();
  if (days < 1) return text.slice(11, 19);
  return Number.isInteger(days) ? text.slice(0, 10) : text.slice(0, 19);
}
