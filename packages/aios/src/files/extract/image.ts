import { inflateSync } from "node:zlib";
import { readExif } from "./exif.ts";
import { Unreadable } from "./extracted.ts";
import type { Found } from "./extracted.ts";
import { readXml } from "./markup.ts";
import { oneLine, Outline } from "./outline.ts";

type Facts = Record<string, string | number>;

const readers = { png: readPng, jpeg: readJpeg, gif: readGif, webp: readWebp, bmp: readBmp, svg: readSvg };
const starts = { png: /^.PNG/, jpeg: /^ÿØ/, gif: /^GIF8/, webp: /^RIFF.{4}WEBP/s, bmp: /^BM/, svg: /^/ } as const;
export type ImageFormat = keyof typeof readers;

/** Size and what is written beside the picture; title, description, comment and keywords are its text. No pixel is decoded. */
export function readImage(bytes: Uint8Array, format: ImageFormat, maxChars: number): Found {
  const outline = new Outline(maxChars);
  let facts: Facts;
  try {
    // A name may say that it is a picture where the bytes do not.
    if (!starts[format].test(latin(bytes.subarray(0, 12)))) throw new RangeError("another format");
    facts = readers[format](bytes, outline);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Unreadable("damaged: the picture's header is not whole", { cause });
  }
  for (const name of ["title", "subject", "description", "comment", "keywords"])
    if (facts[name] !== undefined) outline.add(`${facts[name]}\n`);
  const { title, ...properties } = facts;
  return {
    kind: "image",
    unit: "part",
    sections: outline.sections,
    isCut: outline.isCut,
    properties: { format, ...properties },
    ...(title === undefined ? {} : { title: String(title) }),
  };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const latin = (bytes: Uint8Array): string => new TextDecoder("windows-1252").decode(bytes);

const pngNames = new Map([
  ["Title", "title"],
  ["Author", "author"],
  ["Description", "description"],
  ["Copyright", "copyright"],
  ["Creation Time", "created"],
  ["Software", "software"],
  ["Comment", "comment"],
]);
const mostChunks = 2000;

function readPng(bytes: Uint8Array): Facts {
  const view = viewOf(bytes);
  const facts: Facts = { width: view.getUint32(16), height: view.getUint32(20) };
  let at = 8;
  for (let count = 0; count < mostChunks && at + 8 <= bytes.length; count++) {
    const length = view.getUint32(at);
    const type = latin(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === "eXIf") Object.assign(facts, readExif(body));
    else if (type === "tEXt" || type === "zTXt" || type === "iTXt") {
      const [keyword, text] = pngText(type, body);
      const name = pngNames.get(keyword);
      if (name !== undefined && text !== "") facts[name] = text;
    } else if (type === "IEND") break;
    at += 12 + length;
  }
  return facts;
}

function pngText(type: "tEXt" | "zTXt" | "iTXt", body: Uint8Array): readonly [string, string] {
  const end = body.indexOf(0);
  if (end < 0) return ["", ""];
  const keyword = latin(body.subarray(0, end));
  if (type === "tEXt") return [keyword, oneLine(latin(body.subarray(end + 1, end + 4001)))];
  const isPacked = type === "zTXt" || body[end + 1] === 1;
  // iTXt: how it is packed, language and translated keyword come before the text.
  const from = type === "zTXt" ? end + 2 : body.indexOf(0, body.indexOf(0, end + 3) + 1) + 1;
  const raw = body.subarray(from);
  try {
    const text = isPacked ? inflateSync(raw, { maxOutputLength: 65_536 }) : raw;
    return [keyword, oneLine(type === "zTXt" ? latin(text) : new TextDecoder().decode(text.subarray(0, 8000)))];
  } catch {
    // Damaged, or a bomb: the picture is worth having without it.
    return [keyword, ""];
  }
}

function readJpeg(bytes: Uint8Array): Facts {
  const view = viewOf(bytes);
  const facts: Facts = {};
  let at = 2;
  for (let count = 0; count < mostChunks; count++) {
    if (view.getUint8(at) !== 0xff) throw new RangeError("no segment");
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (marker === 0xe1 && latin(body.subarray(0, 6)) === "Exif\0\0") Object.assign(facts, readExif(body.subarray(6)));
    else if (marker === 0xfe) facts["comment"] = oneLine(new TextDecoder().decode(body.subarray(0, 4000)));
    else if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), ...facts };
    if (length < 2) throw new RangeError("no segment");
    at += 2 + length;
  }
  throw new RangeError("no frame");
}

function readGif(bytes: Uint8Array): Facts {
  const view = viewOf(bytes);
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function readBmp(bytes: Uint8Array): Facts {
  const view = viewOf(bytes);
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

function readWebp(bytes: Uint8Array): Facts {
  const view = viewOf(bytes);
  const facts: Facts = {};
  let at = 12;
  for (let count = 0; count < mostChunks && at + 8 <= bytes.length; count++) {
    const type = latin(bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    if (type === "VP8X") {
      facts["width"] = 1 + (view.getUint32(at + 12, true) & 0xffffff);
      facts["height"] = 1 + (view.getUint32(at + 14, true) >>> 8);
    } else if (type === "VP8 " && facts["width"] === undefined) {
      facts["width"] = view.getUint16(at + 14, true) & 0x3fff;
      facts["height"] = view.getUint16(at + 16, true) & 0x3fff;
    } else if (type === "VP8L" && facts["width"] === undefined) {
      const bits = view.getUint32(at + 9, true);
      facts["width"] = 1 + (bits & 0x3fff);
      facts["height"] = 1 + ((bits >>> 14) & 0x3fff);
    } else if (type === "EXIF") Object.assign(facts, readExif(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length + (length % 2);
  }
  if (facts["width"] === undefined) throw new RangeError("no frame");
  return facts;
}

/** A drawing's words are its text. */
function readSvg(bytes: Uint8Array, outline: Outline): Facts {
  const facts: Facts = {};
  const open: string[] = [];
  readXml(bytes, {
    opens: (name, attributes) => {
      open.push(name);
      if (open.length > 1) return;
      const [, , boxWidth, boxHeight] = (attributes["viewBox"] ?? "").slice(0, 100).split(/[\s,]+/);
      const width = Number.parseFloat(attributes["width"] ?? boxWidth ?? "");
      const height = Number.parseFloat(attributes["height"] ?? boxHeight ?? "");
      if (width > 0 && height > 0) Object.assign(facts, { width, height });
    },
    text: (text) => {
      const inside = open.at(-1);
      if (inside === "title" && open.length === 2) facts["title"] = oneLine(text);
      else if (inside === "desc" || inside === "text" || inside === "tspan" || inside === "title")
        outline.add(`${text.trim()}\n`);
    },
    closes: () => void open.pop(),
    isDone: () => outline.isCut,
  });
  return facts;
}
