import { describe, expect, test } from "vitest";
import { pdfFile } from "../../../test/sample-files.ts";
import type { Extracted } from "./extracted.ts";
import { extractText } from "./extract-text.ts";

const read = (path: string, content: string | Uint8Array, maxChars = 1_000_000): Promise<Extracted> =>
  extractText({ path, bytes: typeof content === "string" ? new TextEncoder().encode(content) : content, maxChars });
const headings = ({ sections }: Extracted): readonly string[] => sections.map(({ heading }) => heading);
const textOf = ({ sections }: Extracted): string => sections.map(({ text }) => text).join("");

describe("plain text", () => {
  const poem = "床前明月光，\r\n疑是地上霜。\r\n";
  const unmarked = poem.replaceAll("\r\n", "\n");
  const utf16 = Buffer.from(poem, "utf16le");

  test.each([
    ["utf-8", new TextEncoder().encode(poem)],
    ["utf-8 with a mark", new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(poem)])],
    ["utf-16 with a mark", new Uint8Array([0xff, 0xfe, ...utf16])],
    ["big-endian utf-16 with a mark", new Uint8Array([0xfe, 0xff, ...Buffer.from(utf16).swap16()])],
    // 床前明月光，疑是地上霜。
    ["gb18030", Uint8Array.from(Buffer.from("b4b2c7b0c3f7d4c2b9e2a3ac0d0ad2c9cac7b5d8c9cfcbaaa1a30d0a", "hex"))],
  ])("is read in %s, with one sort of line end", async (_, bytes) => {
    const found = await read("poem.txt", bytes);
    expect(found).toMatchObject({ kind: "text", title: "poem.txt", isCut: false });
    expect(textOf(found)).toBe(unmarked);
  });

  test("in a western encoding is not taken for Chinese", async () => {
    const found = await read("notes.txt", Uint8Array.from(Buffer.from("Le café où l'été était né\n", "latin1")));
    expect(textOf(found)).toBe("Le café où l'été était né\n");
  });

  test("with a few broken bytes stays what it is", async () => {
    const bytes = new TextEncoder().encode(`${"机器学习 ".repeat(50)}!`);
    bytes[bytes.length - 1] = 0xff;
    const found = await read("a.txt", bytes);
    expect(textOf(found).startsWith("机器学习")).toBe(true);
  });

  test("is cut at the bound, and says so; no character is cut in two", async () => {
    const found = await read("a.txt", "🙂".repeat(100), 7);
    expect(found.isCut).toBe(true);
    expect(textOf(found)).toBe("🙂🙂🙂");
  });

  test("a file of bytes that are no text is binary, without text", async () => {
    const found = await read(
      "a.bin",
      Uint8Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256),
    );
    expect(found).toMatchObject({ kind: "binary", sections: [] });
    expect(found.problem).toBeUndefined();
  });
});

describe("Markdown", () => {
  test("has its headings with those around them, and where they stand", async () => {
    const found = await read(
      "guide.md",
      "---\ntitle: The guide\nauthor: 'Ada'\n---\nBefore.\n\n# Setup\n\n```sh\n# no heading\n```\n\n## 在 Linux 上\n\n安装。\n\nUsing it\n========\n\nGo.\n",
    );
    expect(found).toMatchObject({ kind: "markdown", title: "The guide", unit: "line" });
    expect(found.properties).toEqual({ title: "The guide", author: "Ada" });
    expect(found.sections.map(({ heading, at }) => [heading, at])).toEqual([
      ["", 1],
      ["Setup", 7],
      ["Setup › 在 Linux 上", 13],
      ["Using it", 17],
    ]);
  });
});

describe("programs", () => {
  test.each([
    [
      "a.ts",
      "typescript",
      "/** Adds. */\nexport async function add(a: number) {\n}\n\nclass Sum {\n  of(a: number) {\n  }\n}\n",
    ],
    ["a.py", "python", "# Adds.\n@cached\ndef add(a):\n  pass\n\nclass Sum:\n  def of(self):\n    pass\n"],
    ["a.rs", "rust", "/// Adds.\npub fn add(a: u8) {\n}\n\npub struct Sum {}\nimpl Sum {\n  fn of(&self) {\n  }\n}\n"],
    [
      "A.java",
      "java",
      "// Adds.\npublic static int add(int a) {\n}\n\nclass Sum {\n  public List<String> of(int a) {\n  }\n}\n",
    ],
  ])("%s has its definitions as headings, comments with what they are about", async (path, language, code) => {
    const found = await read(path, code);
    expect(found).toMatchObject({ kind: "code", language });
    expect(headings(found)).toContain("add");
    expect(headings(found)).toContain("Sum › of");
    expect(found.sections[0]).toMatchObject({ heading: "add", at: 1 });
    expect(textOf(found)).toBe(code);
  });

  test("a script without an extension is known by its first line", async () => {
    const found = await read("run", "#!/usr/bin/env python3\ndef main():\n  pass\n");
    expect(found).toMatchObject({ kind: "code", language: "python" });
  });
});

describe("HTML", () => {
  test("gives what a browser shows, by headings", async () => {
    const found = await read(
      "page.html",
      `<!doctype html><html lang=zh><head><title>显卡 &amp; 合同</title><meta name=author content=Ada><style>p{}</style></head>
      <body><h1>GPUs</h1><p>The <b>contract</b> is&nbsp;signed.</p><script>evil()</script><div style="display:none">unseen<div>deeper</div></div>
      <p hidden>gone</p><img src=a.png alt="A rack of GPUs"><h2>细节</h2><table><tr><td>a<td>b</table>`,
    );
    expect(found).toMatchObject({ kind: "html", title: "显卡 & 合同", properties: { author: "Ada", language: "zh" } });
    expect(headings(found)).toEqual(["GPUs", "GPUs › 细节"]);
    expect(textOf(found)).toContain("The contract is signed.");
    expect(textOf(found)).toContain("A rack of GPUs");
    expect(textOf(found)).not.toMatch(/evil|unseen|deeper|gone|p\{\}/);
  });
});

describe("data and tables", () => {
  test("JSON has its names at the top as headings, also when it is written without line ends", async () => {
    const found = await read("a.json", `{"name":"demo","settings":{"depth":3},"人":["李"]}`);
    expect(found).toMatchObject({ kind: "data", title: "demo", properties: { keys: "name, settings, 人" } });
    expect(headings(found)).toContain("settings");
  });

  test("YAML has its names at the top as headings", async () => {
    const found = await read("a.yaml", "# of the home\nllms:\n  - name: a\nmemory:\n  index: chroma\n");
    expect(headings(found)).toEqual(["", "llms", "memory"]);
  });

  test("the names of columns are the heading of a table of lines", async () => {
    const found = await read("people.csv", 'name,"city, country",年龄\nAda,"London, UK",36\n李,北京,40\n');
    expect(found).toMatchObject({ kind: "table", properties: { columns: "name, city, country, 年龄", rows: 2 } });
    expect(headings(found)).toEqual(["name, city, country, 年龄"]);
  });
});

test("the bytes say what a file is, the name only where they do not", async () => {
  expect(await read("a.txt", pdfFile([[{ text: "Hello" }]]))).toMatchObject({ kind: "pdf" });
});
