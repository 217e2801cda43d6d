import { describe, expect, test } from "vitest";
import { pdfFile, pngFile, wordFile, workbookFile, zipFile } from "../../../test/sample-files.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { chunksOf } from "./chunks.ts";
import type { Extracted } from "./extracted.ts";
import { extractText } from "./extract-text.ts";
import { Zip } from "./zip.ts";

const maxChars = 100_000;
const read = (path: string, content: string | Uint8Array): Promise<Extracted> =>
  extractText({ path, bytes: typeof content === "string" ? new TextEncoder().encode(content) : content, maxChars });
const textOf = ({ sections }: Extracted): string => sections.map(({ text }) => text).join("");
const mebibyte = 1024 * 1024;

describe("bombs", () => {
  test("a document that unpacks to more than the bound is told, whatever its directory claims", async () => {
    const bytes = zipFile({ "word/document.xml": new Uint8Array(200 * mebibyte).fill(0x20) }, { claimedBytes: 1000 });
    expect(bytes.length).toBeLessThan(mebibyte);
    const found = await read("bomb.docx", bytes);
    expect(found).toMatchObject({ kind: "document", isCut: true, sections: [] });
    expect(found.problem).toMatch(/too large/);
  });

  test("the bound is one for all parts of a file", () => {
    const part = new Uint8Array(400);
    const zip = new Zip(zipFile({ a: part, b: part, c: part }), 1000);
    expect(zip.read("a")).toHaveLength(400);
    expect(zip.read("b")).toHaveLength(400);
    expect(() => zip.read("c")).toThrow(/too large/);
  });

  test("entities that a document defines itself are not expanded", async () => {
    const laughs = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("");
    const found = await read(
      "laughs.docx",
      zipFile({
        "word/document.xml": `<!DOCTYPE d [<!ENTITY l0 "ha">${laughs}]><w:document><w:p><w:t>&l9; end</w:t></w:p></w:document>`,
      }),
    );
    expect(textOf(found).trim()).toBe("&l9; end");
  });

  test("a sheet that names one long text a million times is cut", async () => {
    const cells = `<row r="1"><c t="s"><v>0</v></c></row>`.repeat(100_000);
    const found = await read(
      "bomb.xlsx",
      zipFile({
        "xl/workbook.xml": `<workbook><sheets><sheet name="a"/></sheets></workbook>`,
        "xl/sharedStrings.xml": `<sst><si><t>${"long ".repeat(6000)}</t></si></sst>`,
        "xl/worksheets/sheet1.xml": `<sheetData>${cells}</sheetData>`,
      }),
    );
    expect(found.isCut).toBe(true);
    expect(textOf(found).length).toBeLessThanOrEqual(maxChars);
  });

  test("a picture's packed text that unpacks without end is left out", async () => {
    const { deflateSync } = await import("node:zlib");
    const png = pngFile(1, 1, { Comment: "kept" });
    const bomb = Buffer.concat([Buffer.from("Title\0\0"), deflateSync(new Uint8Array(50 * mebibyte))]);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(bomb.length);
    head.write("zTXt", 4);
    const bytes = new Uint8Array(Buffer.concat([png.subarray(0, 33), head, bomb, Buffer.alloc(4), png.subarray(33)]));
    expect(await read("a.png", bytes)).toMatchObject({ properties: { width: 1, comment: "kept" } });
  });
});

describe("depth", () => {
  test.each([
    ["html", "<div>".repeat(200_000)],
    ["svg", "<g>".repeat(200_000)],
  ])("markup that is nested without end is told (%s)", async (extension, content) => {
    expect((await read(`deep.${extension}`, content)).problem).toMatch(/nested more than 2000 deep/);
  });

  test.each([
    ["json", `{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}`],
    ["json", "[".repeat(500_000)],
    ["yaml", "- ".repeat(200_000)],
    ["md", "> ".repeat(200_000)],
  ])("data that is nested without end is text (%s)", async (extension, content) => {
    const found = await read(`deep.${extension}`, content);
    expect(found.problem).toBeUndefined();
    expect(textOf(found).length).toBe(maxChars);
  });
});

describe("long lines", () => {
  const size = 4 * mebibyte;
  test.each([
    ["md", "#".repeat(size)],
    ["md", "-".repeat(size)],
    ["md", "[".repeat(size)],
    ["ts", " ".repeat(size)],
    ["ts", "a ".repeat(size / 2)],
    ["java", "a<".repeat(size / 2)],
    ["html", "<".repeat(size)],
    ["html", "&".repeat(size)],
    ["html", `<a ${"a=".repeat(size / 2)}`],
    ["html", `<p style="${" ".repeat(size)}">`],
    ["csv", '"'.repeat(size)],
    ["csv", ",".repeat(size)],
    ["json", '"\\'.repeat(size / 2)],
    ["yaml", "a".repeat(size)],
    ["txt", "!\"'".repeat(size / 3)],
    ["txt", `${" ".repeat(99)}\n`.repeat(size / 100)],
  ])("one of 4 MiB in a file of kind %s is read, and cut into chunks", async (extension, content) => {
    const found = await read(`long.${extension}`, content);
    expect(found.problem).toBeUndefined();
    for (const { text } of chunksOf(found)) expect(text.length).toBeLessThanOrEqual(2160);
  });
});

describe("damage", () => {
  const whole = {
    "a.pdf": pdfFile([[{ text: "About GPUs" }], [{ text: "关于显卡" }]]),
    "a.docx": wordFile([{ level: 1, text: "GPUs" }, { text: "关于显卡" }]),
    "a.xlsx": workbookFile("Sheet", [["a", 1]]),
    "a.png": pngFile(640, 480, { Title: "GPUs" }),
  };

  test.each(Object.entries(whole))(
    "%s cut short or with broken bytes is told or read, never thrown",
    async (path, bytes) => {
      const random = createSeededRandom(bytes.length);
      for (let round = 0; round < 40; round++) {
        const broken = bytes.slice(0, round % 2 === 0 ? Math.floor(random.next() * bytes.length) : undefined);
        for (let count = 0; count < round / 4; count++)
          broken[Math.floor(random.next() * broken.length)] = Math.floor(random.next() * 256);
        const found = await read(path, broken);
        expect(found.title).not.toBe("");
        expect(found.problem ?? "").not.toMatch(/undefined|TypeError/);
      }
      expect((await read(path, bytes)).problem).toBeUndefined();
    },
  );

  test("a name that promises what the bytes are not is told", async () => {
    for (const path of ["a.pdf", "a.docx", "a.xlsx", "a.png", "a.jpg", "a.gif", "a.webp"])
      expect((await read(path, "Just a few words. ".repeat(50))).problem).toMatch(/^damaged/);
  });

  test("an empty file is empty, whatever its name", async () => {
    for (const path of ["a.pdf", "a.docx", "a.png", "a.txt", "a.json"]) {
      const found = await read(path, "");
      expect(found.sections).toEqual([]);
      expect(found.problem).toBeUndefined();
    }
  });

  test("what opens with a password only is told", async () => {
    const zipped = zipFile({ "word/document.xml": "<w:document/>" }, { isEncrypted: true });
    const standard = `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O<${"11".repeat(32)}>/U<${"22".repeat(32)}>/P -4>>`;
    const old = Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(512)]);
    expect((await read("a.docx", zipped)).problem).toMatch(/^encrypted/);
    expect((await read("a.pdf", pdfFile([[{ text: "secret" }]], { trailer: standard }))).problem).toMatch(/^encrypted/);
    expect((await read("a.docx", old)).problem).toMatch(/^encrypted/);
  });
});
