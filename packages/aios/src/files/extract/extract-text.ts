import { decodeText } from "./decode-text.ts";
import { Unreadable } from "./extracted.ts";
import type { Extracted, FileSource, Found } from "./extracted.ts";
import { formatOf, nameOf, unread } from "./format-of.ts";
import type { Format } from "./format-of.ts";
import { oneLine } from "./outline.ts";

/**
 * The text of a file by its headings, and what it says of itself. Never fails: what cannot be read is told as a `problem`.
 * How long a hostile file takes, and what it takes in memory, only a thread of its own can bound: see drivers/extract.
 */
export async function extractText(source: FileSource): Promise<Extracted> {
  const { name, extension } = nameOf(source.path);
  const format = formatOf(source.bytes, extension);
  try {
    const found = await read(format, { ...source, name, extension });
    return { title: name, properties: {}, ...found };
  } catch (cause) {
    const problem = cause instanceof Unreadable ? cause.message : `damaged: ${oneLine(String(cause))}`;
    return unread(source, problem);
  }
}

interface Named extends FileSource {
  readonly name: string;
  readonly extension: string;
}

async function read(format: Format, source: Named): Promise<Found> {
  const { bytes, maxChars } = source;
  switch (format.is) {
    case "pdf":
      return (await import("./pdf.ts")).readPdf(bytes, maxChars);
    case "image":
      return (await import("./image.ts")).readImage(bytes, format.format, maxChars);
    case "zip":
      return await readArchive(source);
    case "old-office":
      throw new Unreadable(
        "encrypted, or in Office's format from before 2007: save it as DOCX, XLSX or PPTX without a password",
      );
    case "text":
      return await readText(source);
    case "binary":
      return { kind: "binary", unit: "part", sections: [], isCut: false };
  }
}

async function readArchive({ bytes, maxChars }: Named): Promise<Found> {
  const { Zip } = await import("./zip.ts");
  const zip = new Zip(bytes);
  if (zip.has("word/document.xml")) return (await import("./word.ts")).readWord(zip, maxChars);
  if (zip.has("xl/workbook.xml")) return (await import("./workbook.ts")).readWorkbook(zip, maxChars);
  if (zip.has("ppt/presentation.xml")) return (await import("./slides.ts")).readSlides(zip, maxChars);
  const type = zip.has("mimetype") ? new TextDecoder().decode(zip.read("mimetype")?.subarray(0, 200)) : "";
  if (type.includes("opendocument")) return (await import("./open-document.ts")).readOpenDocument(zip, type, maxChars);
  return { kind: "binary", unit: "part", sections: [], isCut: false, properties: { entries: zip.names.length } };
}

async function readText({ bytes, extension, maxChars, name }: Named): Promise<Found> {
  const decoded = decodeText(bytes, maxChars);
  if (decoded === undefined) return { kind: "binary", unit: "part", sections: [], isCut: false };
  const { text } = decoded;
  const found = await readDecoded({ text, name, extension, maxChars });
  const encoding = decoded.encoding === "utf-8" ? {} : { encoding: decoded.encoding };
  return { ...found, isCut: found.isCut || decoded.isCut, properties: { ...found.properties, ...encoding } };
}

interface Text {
  readonly text: string;
  readonly name: string;
  readonly extension: string;
  readonly maxChars: number;
}

async function readDecoded({ text, name, extension, maxChars }: Text): Promise<Found> {
  if (/^(?:md|markdown|mdx|mkd|qmd|rmd)$/.test(extension))
    return (await import("./markdown.ts")).readMarkdown(text, maxChars);
  if (/^(?:x?html?|xhtml)$/.test(extension) || (extension === "" && /^\s{0,99}<(?:!doctype html|html)/i.test(text)))
    return (await import("./html.ts")).readHtmlFile(text, maxChars);
  if (/^(?:csv|tsv|tab)$/.test(extension)) return (await import("./separated.ts")).readSeparated(text, maxChars);
  const { dataFormatOf, readData } = await import("./data.ts");
  const dataFormat = dataFormatOf(extension);
  if (dataFormat !== undefined) return readData(text, dataFormat, maxChars);
  const { languageOf } = await import("./languages.ts");
  const language = languageOf(name, extension, text.slice(0, 200).split("\n", 1)[0]!);
  if (language !== undefined) return (await import("./code.ts")).readCode(text, language, maxChars);
  const { outlineLines } = await import("./read-lines.ts");
  const { sections, isCut } = outlineLines(text, maxChars, () => undefined);
  return { kind: "text", unit: "line", sections, isCut };
}
