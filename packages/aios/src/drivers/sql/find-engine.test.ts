import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findEngine } from "./find-engine.ts";

test("Node's own engine needs no package", () => {
  expect(findEngine("node")).toEqual({ name: "node", module: undefined });
});

test("an engine whose package is nowhere is refused with the command that installs it", () => {
  const home = mkdtempSync(join(tmpdir(), "aios-engine-"));
  try {
    // Neither name is a package that could be there.
    const absent = "libsql-that-nobody-has" as "libsql";
    expect(() => findEngine(absent, [home])).toThrow(
      expect.objectContaining({ code: "EINVAL", hint: expect.stringContaining(`npm install ${absent}`) }),
    );
    const folder = join(home, "node_modules", absent);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), "");
    expect(findEngine(absent, [home])).toEqual({ name: absent, module: join(folder, "index.js") });
  } finally {
    rmSync(home, { recursive: true });
  }
});
