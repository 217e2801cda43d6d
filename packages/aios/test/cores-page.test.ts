import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { coreKinds } from "../src/config/core-schema.ts";
import { configSchema } from "../src/config/schema.ts";
import { providerVariables } from "../src/config/providers.ts";
import { usualKey } from "../src/core-probe.ts";

const page = readFileSync(new URL("../../../docs/how-to/cores.md", import.meta.url), "utf8");
const cell = (text: string): string => text.trim().replace(/^`(.*)`$/, "$1");
/** The rows of its table: kind, line, key variable, verified. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").slice(1, -1).map(cell) as [string, string, string, string]);

describe("the page about cores", () => {
  test("has one row for every kind of core", () => {
    expect(rows.map(([kind]) => kind).toSorted()).toEqual([...coreKinds].toSorted());
  });

  test.each(rows)(
    "%s: its line is a configuration, its variable what llm add takes, and it says how it was verified",
    (kind, line, ...[variable, verified]) => {
      const { cores } = configSchema.parse({ llms: { cores: [parse(line)] } }).llms;
      expect(cores).toMatchObject([{ kind }]);
      expect(variable).toBe(usualKey(cores[0]!.kind, { AWS_BEARER_TOKEN_BEDROCK: "set" }) ?? "");
      if (variable !== "") expect(providerVariables.map(({ name }) => name)).toContain(variable);
      expect(["live", "recorded", "simulated", "not verified"]).toContain(verified);
    },
  );

  test("its configurations are valid", () => {
    const fences = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
    expect(fences.length).toBeGreaterThan(0);
    for (const text of fences) expect(configSchema.safeParse(parse(text)).error).toBeUndefined();
  });
});
