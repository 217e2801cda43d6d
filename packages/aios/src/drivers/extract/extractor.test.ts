import { describe, expect, test } from "vitest";
import { pdfFile, wordFile, zipFile } from "../../../test/sample-files.ts";
import { createExtractor } from "./extractor.ts";
import type { ExtractorOptions } from "./extractor.ts";

const mebibyte = 1024 * 1024;
const note = { path: "note.md", bytes: new TextEncoder().encode("# 合同\n\nAbout GPUs.\n") };
const longest = 120_000;

/** A page whose drawing goes on for 256 MiB and draws nothing. */
const endless = (): Uint8Array => pdfFile([[]], { drawing: new TextEncoder().encode("q Q ".repeat(64 * mebibyte)) });

async function afterwards(options: ExtractorOptions, file: { path: string; bytes: Uint8Array }): Promise<string> {
  await using extractor = createExtractor(options);
  const [bad, good] = await Promise.all([extractor.read(file), extractor.read(note)]);
  expect(good).toMatchObject({ kind: "markdown", title: "合同" });
  expect(bad.chunks).toEqual([]);
  return bad.problem ?? "";
}

describe("the thread that reads files", () => {
  test("gives chunks with their headings, in the order of asking", async () => {
    await using extractor = createExtractor();
    const word = wordFile([{ level: 1, text: "价格" }, { text: "Eight GPUs." }], "Prices");
    const read = await Promise.all([extractor.read(note), extractor.read({ path: "a.docx", bytes: word })]);
    expect(read).toMatchObject([
      { kind: "markdown", chunks: [{ ordinal: 0, heading: "合同", text: "# 合同\n\nAbout GPUs.", at: 1 }] },
      { kind: "document", title: "Prices", chunks: [{ heading: "价格" }] },
    ]);
    expect(read[0].problem).toBeUndefined();
    expect(note.bytes.length).toBeGreaterThan(0);
  });

  test("is ended by a file that takes too long, and the next file is read", { timeout: longest }, async () => {
    const problem = await afterwards(
      { timeoutMs: 4000, memoryMebibytes: 8192 },
      { path: "bomb.pdf", bytes: endless() },
    );
    expect(problem).toBe("too much work: it took more than 4 s");
  });

  test(
    "is ended by a file that unpacks to more memory than it may have, and the next file is read",
    { timeout: longest },
    async () => {
      const problem = await afterwards({ memoryMebibytes: 100 }, { path: "bomb.pdf", bytes: endless() });
      expect(problem).toBe("too large: reading it takes more than 100 MiB of memory");
    },
  );

  test("is ended by a file that fills the engine's heap, and the next file is read", { timeout: longest }, async () => {
    const strings = `<sst>${"<si><t>a</t></si>".repeat(3_000_000)}</sst>`;
    const bytes = zipFile({ "xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": strings });
    const problem = await afterwards({ memoryMebibytes: 64 }, { path: "bomb.xlsx", bytes });
    expect(problem).toBe("too large: reading it takes more than 64 MiB of memory");
  });

  test("reads the beginning of a text that is too long, and nothing of another file", async () => {
    await using extractor = createExtractor({ maxBytes: 1000, maxChars: 100 });
    const text = await extractor.read({ path: "a.txt", bytes: new TextEncoder().encode("words ".repeat(1000)) });
    expect(text).toMatchObject({ kind: "text", isCut: true });
    expect(text.problem).toBeUndefined();
    expect(text.chunks[0]!.text.length).toBeLessThanOrEqual(100);
    const pdf = await extractor.read({ path: "a.pdf", bytes: pdfFile([[{ text: "a" }]]) });
    expect(pdf).toMatchObject({ kind: "pdf", chunks: [] });
    expect(pdf.problem).toMatch(/^too large: of a file of this kind 1000 bytes/);
  });

  test("is not asked for what is no longer wanted", { timeout: longest }, async () => {
    await using extractor = createExtractor();
    const gone = AbortSignal.abort(new Error("gone before"));
    await expect(extractor.read(note, { signal: gone })).rejects.toThrow("gone before");
    const leaving = new AbortController();
    const running = extractor.read({ path: "bomb.pdf", bytes: endless() }, { signal: leaving.signal });
    const waiting = extractor.read(note, { signal: leaving.signal });
    const other = extractor.read(note);
    leaving.abort(new Error("gone meanwhile"));
    await expect(running).rejects.toThrow("gone meanwhile");
    await expect(waiting).rejects.toThrow("gone meanwhile");
    expect(await other).toMatchObject({ title: "合同" });
  });

  test("leaves nobody waiting when it is closed", async () => {
    const extractor = createExtractor();
    const asked = [extractor.read(note), extractor.read(note)].map((read) => expect(read).rejects.toThrow(/closed/));
    await extractor[Symbol.asyncDispose]();
    await Promise.all(asked);
    await expect(extractor.read(note)).rejects.toThrow(/closed/);
  });
});
