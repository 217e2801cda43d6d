import { crc32, deflateRawSync, deflateSync } from "node:zlib";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));

export interface ZipOptions {
  /** Marks each part as encrypted, though it is not. */
  readonly isEncrypted?: boolean;
  /** What the directory claims each part unpacks to. */
  readonly claimedBytes?: number;
}

/** A zip archive of parts by their names. */
export function zipFile(
  parts: Readonly<Record<string, string | Uint8Array>>,
  { isEncrypted = false, claimedBytes }: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(parts)) {
    const raw = typeof content === "string" ? bytesOf(content) : content;
    const packed = deflateRawSync(raw);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isEncrypted ? 1 : 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimedBytes ?? raw.length, 18);
    common.writeUInt16LE(bytesOf(name).length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(bytesOf("PK\x01\x02\x14\x00"), common, place, bytesOf(name));
    const body = joined([bytesOf("PK\x03\x04"), common, bytesOf(name), packed]);
    bodies.push(body);
    at += body.length;
  }
  const list = joined(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(parts).length, 4);
  end.writeUInt16LE(Object.keys(parts).length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return joined([...bodies, list, bytesOf("PK\x05\x06"), end]);
}

const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const coreXml = (title: string, author: string): string =>
  `<?xml version="1.0"?><cp:coreProperties><dc:title>${xml(title)}</dc:title><dc:creator>${xml(author)}</dc:creator><dcterms:created>2026-03-14T15:09:26Z</dcterms:created></cp:coreProperties>`;

export interface WordParagraph {
  /** 1 is the highest; without one it is text. */
  readonly level?: number;
  readonly text: string;
}

/** A DOCX file whose heading styles have ids that only its style sheet explains, as those of Chinese Word have. */
export function wordFile(paragraphs: readonly WordParagraph[], title = "", author = ""): Uint8Array<ArrayBuffer> {
  const body = paragraphs.map(
    ({ level, text }) =>
      `<w:p>${level === undefined ? "" : `<w:pPr><w:pStyle w:val="a${level}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${xml(text)}</w:t></w:r></w:p>`,
  );
  const styles = [1, 2, 3].map((n) => `<w:style w:styleId="a${n}"><w:name w:val="heading ${n}"/></w:style>`);
  return zipFile({
    "[Content_Types].xml": "<Types/>",
    "word/document.xml": `<w:document><w:body>${body.join("")}</w:body></w:document>`,
    "word/styles.xml": `<w:styles>${styles.join("")}</w:styles>`,
    "docProps/core.xml": coreXml(title, author),
  });
}

/** An XLSX file of one sheet; numbers in `dates` columns are shown as dates. */
export function workbookFile(
  sheet: string,
  rows: readonly (readonly (string | number)[])[],
  dates: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  const strings = [...new Set(rows.flat().filter((cell) => typeof cell === "string"))];
  const cell = (value: string | number, row: number, column: number): string => {
    const reference = `${String.fromCharCode(65 + column)}${row + 1}`;
    if (typeof value === "string") return `<c r="${reference}" t="s"><v>${strings.indexOf(value)}</v></c>`;
    return `<c r="${reference}" s="${dates.includes(column) ? 1 : 0}"><v>${value}</v></c>`;
  };
  const lines = rows.map(
    (row, at) => `<row r="${at + 1}">${row.map((value, column) => cell(value, at, column)).join("")}</row>`,
  );
  return zipFile({
    "[Content_Types].xml": "<Types/>",
    "xl/workbook.xml": `<workbook><sheets><sheet name="${xml(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
    "xl/styles.xml": `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
    "xl/sharedStrings.xml": `<sst>${strings.map((text) => `<si><t>${xml(text)}</t></si>`).join("")}</sst>`,
    "xl/worksheets/sheet1.xml": `<worksheet><sheetData>${lines.join("")}</sheetData></worksheet>`,
    "docProps/core.xml": coreXml("", "Ada"),
  });
}

export interface PdfLine {
  readonly text: string;
  /** Points. */
  readonly size?: number;
}

export interface PdfOptions {
  readonly title?: string;
  /** Takes the place of the pages' own drawing. */
  readonly drawing?: Uint8Array;
  readonly trailer?: string;
  /** Of the font, which then says nothing of Unicode: `GBK-EUC-H`. */
  readonly encoding?: string;
}

/** A PDF file, a page for each list of lines, in any script: each character is a glyph that the file maps to Unicode. */
export function pdfFile(pages: readonly (readonly PdfLine[])[], options: PdfOptions = {}): Uint8Array<ArrayBuffer> {
  const { title = "", drawing, trailer = "", encoding } = options;
  const ordering = encoding === undefined ? "Identity" : "GB1";
  const mapped = encoding === undefined ? "/Encoding/Identity-H/ToUnicode 5 0 R" : `/Encoding/${encoding}`;
  const hex = (text: string): string => Buffer.from(text, "utf16le").swap16().toString("hex");
  const objects: (string | Uint8Array)[] = [];
  const stream = (data: Uint8Array): Uint8Array => {
    const packed = deflateSync(data);
    return joined([bytesOf(`<</Length ${packed.length}/Filter/FlateDecode>>stream\n`), packed, bytesOf("\nendstream")]);
  };
  const chars = [...new Set(pages.flat().flatMap(({ text }) => text.split("")))];
  const mapping = chars.map((char) => `<${hex(char)}> <${hex(char)}>`);
  const cmap = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
${mapping.length} beginbfchar
${mapping.join("\n")}
endbfchar endcmap end end`;
  objects.push(
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Count ${pages.length}/Kids[${pages.map((_, at) => `${7 + 2 * at} 0 R`).join(" ")}]>>`,
    `<</Type/Font/Subtype/Type0/BaseFont/Sample${mapped}/DescendantFonts[4 0 R]>>`,
    `<</Type/Font/Subtype/CIDFontType2/BaseFont/Sample/CIDSystemInfo<</Registry(Adobe)/Ordering(${ordering})/Supplement 0>>/DW 1000>>`,
    stream(bytesOf(cmap)),
    `<</Title<feff${hex(title)}>/Author(Ada)/CreationDate(D:20260314150926Z)>>`,
  );
  for (const lines of pages) {
    let y = 780;
    const shown = lines.map(({ text, size = 10 }) => {
      y -= size * 1.4;
      return `BT /F1 ${size} Tf 1 0 0 1 50 ${y} Tm <${hex(text)}> Tj ET`;
    });
    objects.push(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>/Contents ${objects.length + 2} 0 R>>`,
      stream(drawing ?? bytesOf(shown.join("\n"))),
    );
  }
  const parts: Uint8Array[] = [bytesOf("%PDF-1.7\n")];
  const places: number[] = [];
  let at = parts[0]!.length;
  for (const [index, object] of objects.entries()) {
    places.push(at);
    const body = typeof object === "string" ? bytesOf(object) : object;
    const part = joined([bytesOf(`${index + 1} 0 obj\n`), body, bytesOf("\nendobj\n")]);
    parts.push(part);
    at += part.length;
  }
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  const end = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer<</Size ${objects.length + 1}/Root 1 0 R/Info 6 0 R${trailer}>>\nstartxref\n${at}\n%%EOF`;
  return joined([...parts, bytesOf(end)]);
}

/** A PNG header with texts beside it, and no picture. */
export function pngFile(width: number, height: number, texts: Readonly<Record<string, string>> = {}): Uint8Array {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const chunk = (type: string, body: Uint8Array): Uint8Array => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body, crc32(type)));
    return joined([length, bytesOf(type), body, check]);
  };
  const notes = Object.entries(texts).map(([name, text]) => chunk("iTXt", bytesOf(`${name}\0\0\0\0\0${text}`)));
  const start = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined([start, chunk("IHDR", size), ...notes, chunk("IEND", new Uint8Array())]);
}

/** A JPEG header with what a camera writes into it: model, time, place. */
export function jpegFile(width: number, height: number, camera: string): Uint8Array {
  const tiff = Buffer.alloc(400);
  tiff.write("II*\0\x08\0\0\0", 0, "latin1");
  let free = 200;
  const put = (text: string): number => {
    const at = free;
    free += tiff.write(`${text}\0`, at);
    return at;
  };
  const field = (at: number, tag: number, value: { type: number; count: number; value: number }): void => {
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(value.type, at + 2);
    tiff.writeUInt32LE(value.count, at + 4);
    tiff.writeUInt32LE(value.value, at + 8);
  };
  tiff.writeUInt16LE(3, 8);
  field(10, 0x0110, { type: 2, count: camera.length + 1, value: put(camera) });
  field(22, 0x8769, { type: 4, count: 1, value: 60 });
  field(34, 0x8825, { type: 4, count: 1, value: 80 });
  tiff.writeUInt16LE(1, 60);
  field(62, 0x9003, { type: 2, count: 20, value: put("2026:03:14 15:09:26") });
  tiff.writeUInt16LE(2, 80);
  field(82, 1, { type: 2, count: 2, value: "S".charCodeAt(0) });
  field(94, 2, { type: 5, count: 3, value: 120 });
  for (const [index, part] of [33, 30, 0].entries()) {
    tiff.writeUInt32LE(part, 120 + 8 * index);
    tiff.writeUInt32LE(1, 124 + 8 * index);
  }
  const segment = (marker: number, body: Uint8Array): Uint8Array => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(body.length + 2, 2);
    return joined([head, body]);
  };
  const frame = Buffer.alloc(15);
  frame.writeUInt8(8, 0);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  return joined([
    Uint8Array.of(0xff, 0xd8),
    segment(0xe1, joined([bytesOf("Exif\0\0"), tiff])),
    segment(0xc0, frame),
    Uint8Array.of(0xff, 0xd9),
  ]);
}
