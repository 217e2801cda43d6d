import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { viewsOfProgram } from "./program-views.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "aios-views-")));
  mkdirSync(join(folder, "project"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function place(path: string, text = "#!/bin/sh\n"): string {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text, { mode: 0o755 });
  return at;
}

const viewsOf = (program: string, path: readonly string[], more: readonly string[] = []) =>
  viewsOfProgram(program, { cwd: join(folder, "project"), path: [...path, "/usr/bin"].join(":"), more });

test("a program of the system, or of the folder itself, needs nothing more", () => {
  place("project/tool");
  expect(viewsOf("sh", []).views).toEqual([]);
  expect(viewsOf("./tool", []).views).toEqual([]);
});

test("a program in a bin of its own brings the folder above, also where a link leads there", () => {
  const tool = place("node-24/bin/tool");
  mkdirSync(join(folder, "links"));
  symlinkSync(tool, join(folder, "links/tool"));
  expect(viewsOf("tool", [dirname(tool)])).toMatchObject({ views: [join(folder, "node-24")] });
  const { views, path } = viewsOf("tool", [join(folder, "links")]);
  expect(views.toSorted()).toEqual([join(folder, "links/tool"), join(folder, "node-24")]);
  expect(path.split(":")).toContain(join(folder, "links"));
});

test("a program that lies beside others comes alone, and is found by its name", () => {
  const tool = place("tools/tool");
  place("tools/private");
  const { views, path } = viewsOf("tool", [dirname(tool), join(folder, "elsewhere")]);
  expect(views).toEqual([tool]);
  expect(path.split(":")[0]).toBe(dirname(tool));
  expect(path).not.toContain("elsewhere");
});

test("a script of a package brings the package and its interpreter", () => {
  const node = place("node-24/bin/node");
  const script = place("all/node_modules/codex/cli.js", "#!/usr/bin/env node\n");
  place("all/node_modules/codex/package.json", "{}");
  place("all/package.json", "{}");
  const { views } = viewsOf(script, [dirname(node)]);
  expect(views.toSorted()).toEqual([join(folder, "all/node_modules"), join(folder, "node-24")]);
});

test("folders that hold what is private are never shown whole", () => {
  const path = process.env["HOME"];
  process.env["HOME"] = folder;
  try {
    expect(homedir()).toBe(folder);
    for (const at of [".cargo/bin/tool", ".local/bin/tool", "bin/tool"]) {
      const tool = place(at);
      expect(viewsOf("tool", [dirname(tool)]).views, at).toEqual([tool]);
    }
    const shim = place(".pyenv/shims/tool");
    expect(viewsOf("tool", [dirname(shim)]).views).toEqual([join(folder, ".pyenv")]);
  } finally {
    process.env["HOME"] = path;
  }
});

test("what is not there is said", () => {
  expect(() => viewsOf("no-such", [])).toThrow(/no program "no-such"/);
  expect(() => viewsOf("sh", [], ["absent"])).toThrow(/nothing at .*absent to show/);
});
