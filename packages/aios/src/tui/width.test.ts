import { expect, test } from "vitest";
import { fit, pad, widthOf, wrap } from "./width.ts";

test("ideographs, kana, hangul, full-width forms and emoji take two columns, marks and colours none", () => {
  expect(widthOf("agent")).toBe(5);
  expect(widthOf("研究员")).toBe(6);
  expect(widthOf("かな한글")).toBe(8);
  expect(widthOf("ＡＢ：")).toBe(6);
  expect(widthOf("🚀")).toBe(2);
  expect(widthOf("👩‍💻")).toBe(2);
  expect(widthOf("e\u0301")).toBe(1);
  expect(widthOf("\u001B[1;32mok\u001B[0m")).toBe(2);
  expect(widthOf("…·─")).toBe(3);
});

test("a text that is cut never takes more columns than asked, also where a wide character would straddle the end", () => {
  for (const text of ["研究员 researcher", "a研b究c员", "plain text", "🚀🚀🚀"])
    for (let width = 0; width < 20; width++) {
      expect(widthOf(fit(text, width))).toBeLessThanOrEqual(width);
      expect(widthOf(pad(text, width))).toBe(width);
      expect(widthOf(pad(text, width, "right"))).toBe(width);
    }
  expect(fit("研究员", 4)).toBe("研…");
  expect(fit("研究员", 6)).toBe("研究员");
});

test("lines break at spaces, and between characters where there are none", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("十二个智能体共享一个核心", 10)).toEqual(["十二个智能", "体共享一个", "核心"]);
  for (const line of wrap("a_very_long_word_without_any_space and 中文混排，也要换行。", 9))
    expect(widthOf(line)).toBeLessThanOrEqual(9);
  expect(wrap("", 10)).toEqual([]);
});
