import { getDocumentProxy } from "unpdf";
import { CharacterMaps } from "./character-maps.ts";
import { Unreadable } from "./extracted.ts";
import type { Found } from "./extracted.ts";
import { oneLine, Outline } from "./outline.ts";
import { PageText } from "./page-text.ts";

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

const mostPages = 3000;

/** A section for each page, and for each line that is set larger than the page's text. Scanned pages have no text. */
export async function readPdf(bytes: Uint8Array, maxChars: number): Promise<Found> {
  const pdf = await open(bytes);
  try {
    const outline = new Outline(maxChars);
    const { numPages } = pdf;
    const problems: string[] = [];
    for (let number = 1; number <= Math.min(numPages, mostPages) && !outline.isCut; number++)
      try {
        const page = await pdf.getPage(number);
        const text = new PageText(maxChars);
        for await (const { items } of page.streamTextContent()) if (!text.take(items)) break;
        text.writeTo(outline, number);
        page.cleanup();
      } catch (cause) {
        // The other pages are worth having.
        problems.push(`damaged: page ${number} cannot be read (${messageOf(cause)})`);
        if (problems.length > 20) break;
      }
    const { title, ...properties } = await propertiesOf(pdf);
    return {
      kind: "pdf",
      unit: "page",
      sections: outline.sections,
      isCut: outline.isCut || numPages > mostPages || problems.length > 0,
      properties: { pages: numPages, ...properties },
      ...(title ? { title } : {}),
      ...(problems[0] === undefined ? {} : { problem: problems[0] }),
    };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(bytes.slice(), {
      verbosity: 0,
      useSystemFonts: false,
      disableFontFace: true,
      maxImageSize: 1,
      useWorkerFetch: false,
      useWasm: false,
      cMapPacked: false,
      BinaryDataFactory: CharacterMaps,
    });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "PasswordException")
      throw new Unreadable("encrypted: it opens with a password only", { cause });
    throw new Unreadable(`damaged: ${messageOf(cause)}`, { cause });
  }
}

const messageOf = (cause: unknown): string => oneLine(cause instanceof Error ? cause.message : String(cause));

const names = [
  ["Title", "title"],
  ["Author", "author"],
  ["Subject", "subject"],
  ["Keywords", "keywords"],
  ["CreationDate", "created"],
  ["ModDate", "modified"],
] as const;

async function propertiesOf(pdf: PdfDocument): Promise<Record<string, string>> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const properties: Record<string, string> = {};
  for (const [theirs, ours] of names) {
    const value = (info as Record<string, unknown>)[theirs];
    if (typeof value === "string" && value.trim() !== "")
      properties[ours] = theirs.endsWith("Date") ? isoDate(value) : oneLine(value);
  }
  return properties;
}

/** `D:20260314150926+01'00'` as ISO 8601. */
const isoDate = (date: string): string =>
  oneLine(date).replace(
    /^(?:D:)?(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?(?:Z|([+-]\d{2})'?(\d{2})?'?)?.*$/,
    (_, ...parts: (string | undefined)[]) => {
      const [year, month, day, hour, minute, second, zone, zoneMinutes = "00"] = parts;
      const time = hour === undefined ? "" : `T${hour}:${minute}:${second}${zone ? `${zone}:${zoneMinutes}` : "Z"}`;
      return `${year}-${month}-${day}${time}`;
    },
  );
