import { expect, test } from "vitest";
import { lastUserText, scriptOf } from "./script.ts";

test.each([
  ["请用 Python 写一个 quicksort", "zh"],
  ["Translate 你好 into English, please", "latin"],
  ["これは日本語の文章です", "ja"],
  ["이 문장을 번역해 주세요", "ko"],
  ["Напиши программу на Rust", "ru"],
  ["اكتب برنامجا", "ar"],
  ["כתוב תוכנית", "he"],
  ["एक कार्यक्रम लिखें", "hi"],
  ["เขียนโปรแกรมด้วย Go", "th"],
  ["γράψε ένα πρόγραμμα", "el"],
  ["为什么这段代码报错？\n```ts\nconst answer = await fetch(theAddress); console.log(answer)\n```", "zh"],
  ["1 + 1 = ?", undefined],
  ["", undefined],
] as const)("%j is written in %s", (text, script) => {
  expect(scriptOf(text)).toBe(script);
});

test("what counts is what the user said last, not what tools or the model said after it", () => {
  const messages = [
    { role: "user" as const, content: "first" },
    { role: "user" as const, content: [{ type: "text" as const, text: "最后" }] },
    { role: "assistant" as const, content: "an answer" },
    { role: "tool" as const, callId: "1", content: "a long English result" },
  ];
  expect(lastUserText({ messages })).toBe("最后");
});
