import { describe, expect, test } from "vitest";
import { oneOf, said } from "../../../test/said-forms.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import type { Verb } from "./form.ts";
import { forms } from "./forms.ts";
import { quote } from "./quoted.ts";
import { readRequest } from "./rules.ts";

/** Wednesday 2026-11-18 14:30 in Shanghai. */
const setting = { now: Date.UTC(2026, 10, 18, 6, 30), zone: "Asia/Shanghai", cwd: "." };
const fiveOClock = Date.UTC(2026, 10, 17, 9, 0);
const calls = (request: string): unknown => {
  const read = readRequest(request, setting);
  return "steps" in read ? read.steps.map(({ call, args }) => [call, args]) : read.unclear;
};

const random = createSeededRandom(20);
const bare = [
  "a.txt",
  "notes/plan.md",
  "报告.md",
  "数据/表格.csv",
  "x-1_2.tar.gz",
  "/shared/ünï.md",
  "docs/日记/一月.md",
];
const quoted = [
  "my plan.md",
  "a then remove b.txt",
  "旧文件然后删除新文件",
  "it",
  'say "hi".txt',
  "and, to version 3",
  "📄 的 内容",
  "x from last week.txt",
  "所有文件",
  "a'b`c.txt",
];
const path = (): { text: string; path: string } => {
  if (random.next() < 0.5) {
    const name = oneOf(bare, random);
    return { text: name, path: name };
  }
  const name = oneOf(quoted, random);
  return { text: quote(name), path: name };
};
const contents = ["hello", "", "then remove a.txt", 'a "b" \\ c', "两行\n文字", "to b.txt", "。，；"];

describe("every documented form, said in any of its ways, with any names", () => {
  for (const { verb, en, zh } of forms)
    test.each([...en, ...zh])(`${verb}: %s`, (form) => {
      for (let round = 0; round < 40; round++) {
        const slots: Record<string, string> = {};
        const request = said(form, random, (slot) => {
          const [value, text] = slotOf(slot);
          slots[slot] = value;
          return text;
        });
        expect(calls(request), request).toEqual(expected(verb, slots));
      }
    });

  function slotOf(slot: string): [value: string, text: string] {
    switch (slot) {
      case "text": {
        const content = oneOf(contents, random);
        return [content, quote(content)];
      }
      case "number":
        return ["3", "3"];
      case "to": {
        const to = oneOf(["b.txt", "新/目标.md", "new name.md"], random);
        return [to, to.includes(" ") ? quote(to) : to];
      }
      case "number2":
        return ["5", "5"];
      case "time":
        return ["", oneOf(["yesterday 17:00", "昨天下午五点", "2026-11-17 17:00"], random)];
      case "duration":
        return ["", oneOf([" 2 小时", " 两小时"], random)];
      case "query":
        return ["GPU", oneOf(["GPU"], random)];
      case "host":
        return ["/data/docs", oneOf(["/data/docs", '"/data/docs"'], random)];
      case "name":
        return ["docs", "docs"];
      default: {
        const one = path();
        return [one.path, one.text];
      }
    }
  }
});

function expected(verb: Verb, slots: Readonly<Record<string, string>>): unknown[] {
  const file = slots["path"] ?? slots["paths"] ?? slots["tree"] ?? ".";
  const name = file.slice(file.lastIndexOf("/") + 1);
  const folder = file.includes("/") ? `${file.slice(0, file.lastIndexOf("/"))}/` : "";
  const content = slots["text"] ?? "";
  const version = "number" in slots ? { version: 3 } : {};
  const to = slots["folder"] === undefined ? slots["to"] : `${slots["folder"]}/${name}`;
  switch (verb) {
    case "write":
      return [["fs.write", { path: file, content }]];
    case "create":
      return [["fs.write", { path: file, content, ifVersion: 0 }]];
    case "append":
      return [["fs.append", { path: file, content }]];
    case "mkdir":
    case "restore":
    case "unshare":
    case "history":
      return [[`fs.${verb}`, { path: file }]];
    case "read":
      return [["fs.read", { path: file, ...version }]];
    case "list":
      return [["fs.list", { path: file }]];
    case "list-removed":
      return [["fs.list", { path: file, isRemoved: true }]];
    case "move":
    case "copy":
      return [[`fs.${verb}`, { from: file, to }]];
    case "rename":
      return [["fs.move", { from: file, to: to?.includes("/") ? to : `${folder}${to}` }]];
    case "remove":
      return [["fs.remove", { path: file, isRecursive: "tree" in slots }]];
    case "undo":
      return [["fs.rollback", { path: file, back: "number" in slots ? 3 : 1 }]];
    case "rollback":
      return [["fs.rollback", { path: file, ...("time" in slots ? { atMs: fiveOClock } : version) }]];
    case "diff":
      return [
        [
          "fs.diff",
          { path: file, ...("number" in slots ? { from: 3 } : {}), ...("number2" in slots ? { to: 5 } : {}) },
        ],
      ];
    case "share":
      return [["fs.share", { path: file, ...("duration" in slots ? { forMs: 7_200_000 } : {}) }]];
    case "search":
      return [["fs.search", { query: "GPU" }]];
    case "mount":
      return [["fs.mount", { folder: "/data/docs", name: "docs" }]];
  }
}
