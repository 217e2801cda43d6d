import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHome } from "../src/config/open-home.ts";
import type { Home } from "../src/config/open-home.ts";

/** A home that goes when the test does, with these files in it. */
export function temporaryHome(files: Readonly<Record<string, string>> = {}): Home & Disposable {
  const dir = mkdtempSync(join(tmpdir(), "aios-home-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return { ...openHome(dir, {}), [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
