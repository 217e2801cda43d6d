import { basename, extname } from "node:path";
import type { Extracted, FileKind, FileSource } from "./extracted.ts";
import type { ImageFormat } from "./image.ts";

export type Format =
  | { readonly is: "pdf" | "zip" | "old-office" | "text" | "binary" }
  | { readonly is: "image"; readonly format: ImageFormat };

const magic: readonly (readonly [readonly number[], Format])[] = [
  [[0x50, 0x4b, 0x03, 0x04], { is: "zip" }],
  [[0x50, 0x4b, 0x05, 0x06], { is: "zip" }],
  [[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], { is: "old-office" }],
  [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], { is: "image", format: "png" }],
  [[0xff, 0xd8, 0xff], { is: "image", format: "jpeg" }],
  [[0x47, 0x49, 0x46, 0x38], { is: "image", format: "gif" }],
];
/** Names whose bytes must be what they say: where they are not, the file is damaged and not something else. */
const byExtension: Readonly<Record<string, Format>> = {
  pdf: { is: "pdf" },
  docx: { is: "zip" },
  xlsx: { is: "zip" },
  pptx: { is: "zip" },
  odt: { is: "zip" },
  ods: { is: "zip" },
  odp: { is: "zip" },
  png: { is: "image", format: "png" },
  jpg: { is: "image", format: "jpeg" },
  jpeg: { is: "image", format: "jpeg" },
  gif: { is: "image", format: "gif" },
  webp: { is: "image", format: "webp" },
};

/** By the first bytes; the name decides only where they do not tell. */
export function formatOf(bytes: Uint8Array, extension: string): Format {
  for (const [start, format] of magic) if (start.every((byte, at) => bytes[at] === byte)) return format;
  const start = new TextDecoder("windows-1252").decode(bytes.subarray(0, 1024));
  if (start.startsWith("%PDF-") || (extension === "pdf" && start.includes("%PDF-"))) return { is: "pdf" };
  if (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP") return { is: "image", format: "webp" };
  if (start.startsWith("BM") && extension === "bmp") return { is: "image", format: "bmp" };
  if (extension === "svg") return { is: "image", format: "svg" };
  if (bytes.length > 0 && Object.hasOwn(byExtension, extension)) return byExtension[extension]!;
  return { is: "text" };
}

export function nameOf(path: string): { readonly name: string; readonly extension: string } {
  const name = basename(path.replaceAll("\\", "/"));
  return { name, extension: extname(name).slice(1).toLowerCase() };
}

/** What a file would be that cannot be read. */
const kinds: Readonly<Record<Format["is"], FileKind>> = {
  pdf: "pdf",
  image: "image",
  "old-office": "document",
  zip: "document",
  text: "text",
  binary: "binary",
};

/** A file of which no more is known than its name and why. */
export function unread({ path, bytes }: Pick<FileSource, "path" | "bytes">, problem: string): Extracted {
  const { name, extension } = nameOf(path);
  const kind = kinds[formatOf(bytes, extension).is];
  return { kind, title: name, unit: "part", sections: [], properties: {}, isCut: true, problem };
}
