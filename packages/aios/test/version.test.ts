import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { version } from "../src/version.ts";

test.each(["package.json", "packages/sdk/package.json", "packages/aios/package.json"])(
  "%s has the version that the kernel tells",
  (path) => {
    const { version: packaged } = JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")) as {
      version: string;
    };
    expect(packaged).toBe(version);
  },
);
