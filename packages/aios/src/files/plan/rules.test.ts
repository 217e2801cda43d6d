import { describe, expect, test } from "vitest";
import { oneOf } from "../../../test/said-forms.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { unquote } from "./quoted.ts";
import { readRequest } from "./rules.ts";
import type { Step } from "./steps.ts";

/** Wednesday 2026-11-18 14:30 in Shanghai. */
const setting = { now: Date.UTC(2026, 10, 18, 6, 30), zone: "Asia/Shanghai", cwd: "." };
const steps = (request: string, cwd = "."): readonly Step[] | undefined => {
  const read = readRequest(request, { ...setting, cwd });
  return "steps" in read ? read.steps : undefined;
};
const unclear = (request: string) => {
  const read = readRequest(request, setting);
  return "unclear" in read ? read.unclear : undefined;
};
const calls = (request: string, cwd = "."): unknown[] | undefined =>
  steps(request, cwd)?.map(({ call, args }) => [call, args]);

const random = createSeededRandom(20);

describe("several at once", () => {
  test.each([
    "read a.txt then remove b.txt",
    "Read a.txt, and then delete the file b.txt.",
    "please read a.txt; remove b.txt",
    "Read a.txt. Then remove b.txt",
    "读取 a.txt，然后删除 b.txt。",
    "请帮我读取a.txt然后删除b.txt",
    "读取 a.txt 再删除 b.txt",
    "先读取“a.txt”再把 b.txt 删除",
  ])("%s", (request) => {
    expect(calls(request)).toEqual([
      ["fs.read", { path: "a.txt" }],
      ["fs.remove", { path: "b.txt", isRecursive: false }],
    ]);
  });

  test("several names are as many steps", () => {
    const files = ["a.txt", "b.txt", "c.txt"].map((name) => ["fs.remove", { path: name, isRecursive: false }]);
    expect(calls("delete a.txt, b.txt and c.txt")).toEqual(files);
    expect(calls("删除 a.txt、b.txt 和 c.txt")).toEqual(files);
  });

  test("twenty steps are taken, and no more", () => {
    expect(steps(Array.from({ length: 20 }, () => "read a.txt").join(" then "))).toHaveLength(20);
    expect(unclear(Array.from({ length: 21 }, () => "read a.txt").join(" then "))).toMatchObject({ is: "many" });
  });

  test("nothing is planned where one part of it is not understood", () => {
    expect(unclear("read a.txt then sing a song then remove b.txt")).toMatchObject({
      is: "words",
      what: "sing a song",
    });
  });
});

describe("what is not sure is not done", () => {
  test.each([
    ["open the pod bay doors", "words", "open the pod bay doors"],
    ["write a poem to poem.txt", "words", "write a poem to poem.txt"],
    ["remove it", "which", "it"],
    ["read a.txt then delete it", "which", "it"],
    ["delete everything", "which", "everything"],
    ["删除所有文件", "which", "所有文件"],
    ["删除旧合同", "which", "旧合同"],
    ["删除战争和平.txt", "which", "战争"],
    ["remove *.txt", "which", "*.txt"],
    ["remove the old contract", "words", "remove the old contract"],
    ["remove .", "whole", "."],
    ["remove the folder /shared", "whole", "/shared"],
    ["remove /home/7", "whole", "/home/7"],
    ["read ../secret", "path", "../secret"],
    ['remove "a/../../b"', "path", "a/../../b"],
    ['write "x to a.txt', "quote", '"x to a.txt'],
    ["把“x写入 a.txt", "quote", "“x写入 a.txt"],
    ["roll back a.txt to tomorrow", "time", "tomorrow"],
    ["roll back a.txt to 23:59", "time", "23:59"],
    ["share a.txt for ever", "time", "ever"],
    ["undo the last change", "which", "change"],
    ["撤销上次修改", "which", "上次"],
    ['write "x" to the file', "which", "file"],
    ["roll back a.txt to version 0", "words", undefined],
    ["", "words", ""],
  ])("%s", (request, is, what) => {
    const told = unclear(request);
    expect(told?.is).toBe(is);
    if (what !== undefined) expect(told?.what).toBe(what);
    expect(told?.hint).not.toBe("");
  });

  test.each([
    ["write hello to a.txt", 'write "TEXT" to PATH'],
    ["delete the big one of them", "remove PATH"],
    ["分享 a.txt 到永远", "分享 PATH"],
    ["把 a.txt 回滚一下", "回滚 PATH 到 N"],
  ])("to %s the nearest form is told", (request, hint) => expect(unclear(request)?.hint).toBe(hint));

  test("a request of any words makes no step that is asked about unless its own words outside of quotes ask for it", () => {
    const pieces = [
      "remove",
      "delete",
      "it",
      "a.txt",
      "then",
      "to",
      "version",
      "3",
      '"remove a.txt"',
      "删除",
      "“删除 b.txt”",
      "然后",
      "share",
      "all",
      "read",
      "写入",
      "把",
      "the",
      "folder",
      "，",
      "and",
      "restore",
      "docs/",
      "yesterday",
    ];
    let asked = 0;
    for (let round = 0; round < 4_000; round++) {
      const request = Array.from({ length: 2 + Math.floor(random.next() * 5) }, () => oneOf(pieces, random)).join(
        random.next() < 0.8 ? " " : "",
      );
      for (const step of steps(request) ?? []) {
        if (!step.needsAsking) continue;
        asked++;
        expect(unquote(request).text, request).toMatch(/remove|delete|删除|share|restore|写入/);
      }
    }
    expect(asked).toBeGreaterThan(50);
  });
});

test.each([
  [`list${" ".repeat(7_000)}x y`],
  ["“".repeat(7_000)],
  ["'a ".repeat(2_000)],
  [`删除${"和a".repeat(3_000)}`],
  [`把 x 回滚到${"的状态".repeat(2_000)}`],
])("a long request is no long work: %.10s…", (request) => expect(unclear(request)).toBeDefined());

test("thanks, and the ways of a shell, are understood", () => {
  expect(calls('Please delete "my file.txt", thanks')).toEqual([
    ["fs.remove", { path: "my file.txt", isRecursive: false }],
  ]);
  expect(calls("ls; cat a.txt; rm a.txt; copy /shared/b.txt to .")).toEqual([
    ["fs.list", { path: "." }],
    ["fs.read", { path: "a.txt" }],
    ["fs.remove", { path: "a.txt", isRecursive: false }],
    ["fs.copy", { from: "/shared/b.txt", to: "b.txt" }],
  ]);
});

test("paths begin in the folder where the request is made, and stay inside of what they begin in", () => {
  expect(calls("read a.txt", "docs")).toEqual([["fs.read", { path: "docs/a.txt" }]]);
  expect(calls("read ../a.txt", "docs")).toEqual([["fs.read", { path: "a.txt" }]]);
  expect(calls("read a.txt", "/shared/docs")).toEqual([["fs.read", { path: "/shared/docs/a.txt" }]]);
  expect(calls("read /shared/a.txt", "docs")).toEqual([["fs.read", { path: "/shared/a.txt" }]]);
  expect(steps("read ../../a.txt", "docs")).toBeUndefined();
});

test("what reads and what makes new things is not asked about; what overwrites, removes or opens is, and says if it is undone", () => {
  const told = (request: string) =>
    steps(request)?.map(({ risk, isUndoable, needsAsking }) => [risk, isUndoable, needsAsking])[0];
  expect(told("read a.txt")).toEqual(["reads", true, false]);
  expect(told('create a.txt with "x"')).toEqual(["changes", true, false]);
  expect(told("move a.txt to b.txt")).toEqual(["changes", true, false]);
  expect(told('write "x" to a.txt')).toEqual(["overwrites", true, true]);
  expect(told("undo a.txt")).toEqual(["overwrites", true, true]);
  expect(told("remove a.txt")).toEqual(["removes", true, true]);
  expect(told("share a.txt for 2 hours")).toEqual(["opens to others", false, true]);
  expect(told("mount /data/docs")).toEqual(["opens to others", false, true]);
});

test("a search is asked for in the request's own words, times and quotations among them", () => {
  expect(calls('find the contract "remove a.txt" that I edited yesterday')).toEqual([
    ["fs.search", { query: 'the contract "remove a.txt" that I edited yesterday' }],
  ]);
});
