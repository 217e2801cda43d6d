import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boot } from "./boot.ts";
import { configSchema } from "./config/schema.ts";

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "aios-engine-"))));
afterEach(() => rmSync(home, { recursive: true }));

test("the journal is opened by the package that sqlite.driver names, as it lies in the home", async () => {
  const folder = join(home, "node_modules", "libsql");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "index.js"),
    `module.exports = class { constructor() { throw new Error("of the home"); } };`,
  );
  const config = configSchema.parse({ sqlite: { driver: "libsql" }, server: { port: 0 } });
  await expect(boot({ home, config })).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringContaining("of the home"),
  });
});

test("a driver that there is not is refused with those there are", () => {
  expect(() => configSchema.parse({ sqlite: { driver: "sqlite4" } })).toThrow(/node.*better-sqlite3.*libsql/);
});
