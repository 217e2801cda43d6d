import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeSearchIndex } from "../../../test/conformance/search-index.ts";
import { openSearchIndex } from "./search-index.ts";

const home = mkdtempSync(join(tmpdir(), "aios-index-"));
afterAll(() => rmSync(home, { recursive: true }));

describeSearchIndex("sqlite in memory", () => openSearchIndex());

let files = 0;
describeSearchIndex("sqlite in a file", () => openSearchIndex({ path: join(home, "deep", `index-${++files}.db`) }));
