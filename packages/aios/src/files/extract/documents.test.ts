import { describe, expect, test } from "vitest";
import { jpegFile, pdfFile, pngFile, wordFile, workbookFile, zipFile } from "../../../test/sample-files.ts";
import type { Extracted } from "./extracted.ts";
import { extractText } from "./extract-text.ts";

const read = (path: string, bytes: Uint8Array): Promise<Extracted> => extractText({ path, bytes, maxChars: 1_000_000 });
const headings = ({ sections }: Extracted): readonly string[] => sections.map(({ heading }) => heading);
const textOf = ({ sections }: Extracted): string => sections.map(({ text }) => text).join("");

describe("documents", () => {
  test("PDF: pages, larger lines as headings, what the file says of itself, in both languages", async () => {
    const bytes = pdfFile(
      [
        [{ text: "Contract", size: 20 }, { text: "About eight GPUs," }, { text: "signed in March." }],
        [{ text: "第二页：关于显卡的合同。" }],
      ],
      { title: "合同 2026" },
    );
    const found = await read("a.pdf", bytes);
    expect(found).toMatchObject({ kind: "pdf", title: "合同 2026", unit: "page", isCut: false });
    expect(found.properties).toEqual({ pages: 2, author: "Ada", created: "2026-03-14T15:09:26Z" });
    expect(found.sections).toEqual([
      { heading: "Contract", at: 1, text: "Contract\nAbout eight GPUs,\nsigned in March.\n" },
      { heading: "", at: 2, text: "第二页：关于显卡的合同。\n" },
    ]);
  });

  test.each([
    ["GBK-EUC-H", "b9d8d3dacfd4bfa85050"],
    ["UniGB-UCS2-H", "51734e8e663e536100500050"],
    ["UniGB-UTF16-H", "51734e8e663e536100500050"],
  ])("PDF without a font, whose characters are named by %s", async (encoding, codes) => {
    const drawing = new TextEncoder().encode(`BT /F1 10 Tf 50 700 Td <${codes}> Tj ET`);
    expect(textOf(await read("a.pdf", pdfFile([[]], { encoding, drawing })))).toBe("关于显卡PP\n");
  });

  test("DOCX: headings by their styles, whatever the ids of these", async () => {
    const bytes = wordFile(
      [
        { level: 1, text: "Contract" },
        { text: "Eight <GPUs> & racks." },
        { level: 2, text: "价格" },
        { text: "每块。" },
      ],
      "The contract",
      "李雷",
    );
    const found = await read("a.docx", bytes);
    expect(found).toMatchObject({ kind: "document", title: "The contract", properties: { author: "李雷" } });
    expect(headings(found)).toEqual(["Contract", "Contract › 价格"]);
    expect(textOf(found)).toContain("Eight <GPUs> & racks.");
  });

  test("DOCX: without a title of its own it has that of its first heading", async () => {
    const bytes = wordFile([{ text: "2026" }, { level: 1, text: "合同" }, { text: "GPUs" }]);
    expect(await read("a.docx", bytes)).toMatchObject({ title: "合同" });
  });

  test("XLSX: sheets with their first row as heading, dates as dates", async () => {
    const bytes = workbookFile(
      "预算",
      [
        ["item", "when", "sum"],
        ["GPU", 46_095, 12.5],
      ],
      [1],
    );
    const found = await read("a.xlsx", bytes);
    expect(found).toMatchObject({ kind: "table", unit: "sheet", properties: { sheets: 1, sheetNames: "预算" } });
    expect(headings(found)).toEqual(["预算: item, when, sum"]);
    expect(textOf(found)).toBe("item\twhen\tsum\nGPU\t2026-03-14\t12.5\n");
  });

  test("PPTX: a section for each slide, in order", async () => {
    const slide = (title: string, text: string): string =>
      `<p:sld><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:t>${title}</a:t></a:p></p:sp><p:sp><a:p><a:t>${text}</a:t></a:p></p:sp></p:sld>`;
    const bytes = zipFile({
      "ppt/presentation.xml": "<p:presentation/>",
      "ppt/slides/slide10.xml": slide("End", "Thanks"),
      "ppt/slides/slide2.xml": slide("开始", "Hello"),
    });
    const found = await read("a.pptx", bytes);
    expect(found).toMatchObject({ unit: "slide", properties: { slides: 2 } });
    expect(found.sections.map(({ heading, at }) => [heading, at])).toEqual([
      ["开始", 2],
      ["End", 10],
    ]);
  });

  test.each([
    [
      "a.odt",
      { type: "text", kind: "document" },
      `<text:h text:outline-level="1">Contract</text:h><text:p>Eight GPUs</text:p>`,
    ],
    [
      "a.ods",
      { type: "spreadsheet", kind: "table" },
      `<table:table table:name="Contract"><table:table-row><table:table-cell><text:p>Eight GPUs</text:p></table:table-cell></table:table-row></table:table>`,
    ],
  ])("OpenDocument (%s)", async (path, { type, kind }, body) => {
    const bytes = zipFile({
      mimetype: `application/vnd.oasis.opendocument.${type}`,
      "content.xml": `<office:document-content><office:body>${body}</office:body></office:document-content>`,
      "meta.xml": `<office:meta><dc:title>合同</dc:title><meta:initial-creator>Ada</meta:initial-creator></office:meta>`,
    });
    const found = await read(path, bytes);
    expect(found).toMatchObject({ kind, title: "合同", properties: { author: "Ada" } });
    expect(headings(found)).toEqual(["Contract"]);
    expect(textOf(found)).toContain("Eight GPUs");
  });
});

describe("pictures", () => {
  test("PNG: size, and what is written beside it", async () => {
    const found = await read("a.png", pngFile(640, 480, { Title: "猫", Description: "A cat in the sun" }));
    expect(found).toMatchObject({ kind: "image", title: "猫", properties: { format: "png", width: 640, height: 480 } });
    expect(textOf(found)).toContain("A cat in the sun");
  });

  test("JPEG: size, camera, time and place", async () => {
    const found = await read("a.jpg", jpegFile(4000, 3000, "Canon EOS R5"));
    expect(found.properties).toEqual({
      format: "jpeg",
      width: 4000,
      height: 3000,
      camera: "Canon EOS R5",
      taken: "2026-03-14T15:09:26",
      latitude: -33.5,
    });
  });

  test.each([
    ["GIF", "a.gif", "4749463839618002e001f00000"],
    ["lossy WebP", "a.webp", "524946461e0000005745425056503820120000003001009d012a8002e0010000"],
    ["BMP", "a.bmp", "424d0000000000000000360000002800000080020000e0010000010018000000"],
  ])("%s: size", async (_, path, hex) => {
    const found = await read(path, Uint8Array.from(Buffer.from(hex, "hex")));
    expect(found).toMatchObject({ kind: "image", properties: { width: 640, height: 480 } });
  });

  test("SVG: size, and its words", async () => {
    const svg = `<svg viewBox="0 0 640 480"><title>图</title><text>Load <tspan>over time</tspan></text></svg>`;
    const found = await read("a.svg", new TextEncoder().encode(svg));
    expect(found).toMatchObject({ kind: "image", title: "图", properties: { width: 640, height: 480 } });
    expect(textOf(found)).toMatch(/Load\s+over time/);
  });
});
