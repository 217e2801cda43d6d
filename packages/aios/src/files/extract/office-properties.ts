import type { Properties } from "./extracted.ts";
import { readXml } from "./markup.ts";
import { oneLine } from "./outline.ts";
import type { Zip } from "./zip.ts";

/** Elements of docProps/core.xml, docProps/app.xml and meta.xml, by what we call them. */
const names = new Map([
  ["dc:title", "title"],
  ["dc:creator", "author"],
  ["meta:initial-creator", "author"],
  ["dc:subject", "subject"],
  ["dc:description", "description"],
  ["cp:keywords", "keywords"],
  ["meta:keyword", "keywords"],
  ["cp:category", "category"],
  ["dcterms:created", "created"],
  ["meta:creation-date", "created"],
  ["dcterms:modified", "modified"],
  ["dc:date", "modified"],
  ["Pages", "pages"],
  ["Slides", "slides"],
  ["Company", "company"],
]);
const numbers = new Set(["pages", "slides"]);

/** What the document says of itself; nothing where that part is missing. */
export function officeProperties(zip: Zip): Properties {
  const properties: Record<string, string | number> = {};
  for (const part of ["docProps/core.xml", "docProps/app.xml", "meta.xml"]) {
    const bytes = zip.read(part);
    if (bytes === undefined) continue;
    let open: string | undefined;
    let found = "";
    readXml(bytes, {
      opens: (name) => {
        open = names.get(name);
        found = "";
      },
      text: (text) => {
        if (open !== undefined && found.length < 1000) found += text;
      },
      closes: () => {
        const value = oneLine(found);
        if (open !== undefined && value !== "")
          properties[open] ??= numbers.has(open) && Number.isFinite(Number(value)) ? Number(value) : value;
        open = undefined;
      },
    });
  }
  return properties;
}

/** The title among the properties, as a file's own. */
export const titled = ({ title, ...properties }: Properties): { properties: Properties; title?: string } =>
  title === undefined ? { properties } : { properties, title: String(title) };
