import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { describeSearchIndex } from "../../../test/conformance/search-index.ts";
import { openSearchIndex } from "./search-index.ts";

// Each opens a thread, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const home = mkdtempSync(join(tmpdir(), "aios-index-"));
afterAll(() => rmSync(home, { recursive: true }));

describeSearchIndex("sqlite in memory", () => openSearchIndex());

let files = 0;
describeSearchIndex("sqlite in a file", () => openSearchIndex({ path: join(home, "deep", `index-${++files}.db`) }));
