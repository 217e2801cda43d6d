import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { completionsFor } from "./complete.ts";
import { helpText } from "./help.ts";
import type { CommandRow } from "./registry.ts";
import { commands, flagOf, globalOptions } from "./registry.ts";
import type { Text } from "./text.ts";
import { detectLang, translate } from "./text.ts";
import { plain } from "../tui/paint.ts";
import { widthOf } from "../tui/width.ts";

const rows = commands as readonly CommandRow[];
const isText = (value: unknown): value is Text =>
  typeof value === "object" && value !== null && "en" in value && "zh" in value && typeof value.en === "string";

function* textsIn(value: unknown, seen = new Set<unknown>()): Generator<Text> {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isText(value)) yield value;
  else for (const child of Object.values(value)) yield* textsIn(child, seen);
}

describe("the registry", () => {
  test("no path or alias stands for two commands", () => {
    const paths = rows.flatMap(({ path, aliases }) => [path, ...(aliases ?? [])]);
    expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
  });

  test("every command has its module", { timeout: 60_000 }, async () => {
    for (const row of rows) expect(await row.load(), row.path).toHaveProperty("run");
  });

  test("no option hides a global one, and only the last argument takes many words", () => {
    for (const { path, options = [], args = [] } of rows) {
      const flags = [...options, ...globalOptions].flatMap((option) => [
        flagOf(option),
        ...("short" in option ? [option.short] : []),
      ]);
      expect(new Set(flags).size, path).toBe(flags.length);
      expect(
        args.slice(0, -1).some(({ isVariadic }) => isVariadic),
        path,
      ).toBe(false);
    }
  });
});

describe("the catalogue", () => {
  const folder = new URL("./messages/", import.meta.url);
  const modules = readdirSync(folder).filter((name) => !name.includes(".test."));

  test("both languages ask for the same values, and neither is empty", async () => {
    const sources: unknown[] = await Promise.all(modules.map((name) => import(new URL(name, folder).href)));
    const texts = [...textsIn([rows, globalOptions, ...sources.map((source) => ({ ...(source as object) }))])];
    expect(texts.length).toBeGreaterThan(300);
    const valuesIn = (text: string) => new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, value]) => value));
    for (const { en, zh } of texts) {
      expect(zh, en).not.toBe("");
      expect(valuesIn(zh), en).toEqual(valuesIn(en));
    }
  });

  test("values are filled in, and what looks like one and is none stays", () => {
    const text = { en: "{name} has {count} of {count}", zh: "{name}：{count}" } as const;
    expect(translate("en", text, { name: "a", count: 2 })).toBe("a has 2 of 2");
    expect(translate("zh", text, { name: "$1", count: 2 })).toBe("$1：2");
  });

  test("the language is what was asked for, else what the system speaks", () => {
    expect(detectLang({ LANG: "zh_CN.UTF-8" })).toBe("zh");
    expect(detectLang({ LANG: "zh_CN.UTF-8", LC_ALL: "C" })).toBe("en");
    expect(detectLang({ LANG: "de_DE.UTF-8" })).toBe("en");
    expect(detectLang({ AIOS_LANG: "zh", LC_ALL: "C" })).toBe("zh");
    expect(detectLang({ AIOS_LANG: "zh" }, "en")).toBe("en");
    expect(detectLang({})).toBe("en");
  });
});

describe("help", () => {
  test.each(["en", "zh"] as const)("in %s it names every command that is not hidden, in lines that fit", (lang) => {
    const text = helpText("", { lang, paint: plain, width: 80 }) ?? "";
    for (const row of rows.filter(({ isHidden }) => !isHidden)) expect(text).toContain(row.path);
    for (const line of text.split("\n")) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  });

  test("of one command it tells arguments, choices, defaults, old names and examples", () => {
    const text = helpText("sim serve", { lang: "en", paint: plain, width: 80 });
    expect(text).toMatch(/^Usage: aios sim serve \[OPTIONS\]/);
    expect(text).toContain("default 8100");
    expect(helpText("completion", { lang: "en", paint: plain, width: 80 })).toContain("one of bash, zsh, fish");
    expect(helpText("refresh", { lang: "en", paint: plain, width: 80 })).toContain("Also called: aios config reload");
  });

  test("of a family it lists its commands; of anything else there is none", () => {
    expect(helpText("env", { lang: "zh", paint: plain, width: 80 })).toContain("env check");
    expect(helpText("nothing", { lang: "en", paint: plain, width: 80 })).toBeUndefined();
  });
});

describe("completion", () => {
  test("offers the words that may follow", () => {
    expect(completionsFor(["con"])).toEqual(["config"]);
    expect(completionsFor(["config", ""])).toEqual(["get", "set", "ls", "explain", "import"]);
    expect(completionsFor(["--home", "/x", "config", "e"])).toEqual(["explain"]);
  });

  test("offers options, and the values of those that have choices", () => {
    expect(completionsFor(["kill", "--si"])).toEqual(["--signal"]);
    expect(completionsFor(["kill", "--signal", "s"])).toEqual(["suspend"]);
    expect(completionsFor(["completion", ""])).toEqual(["bash", "zsh", "fish"]);
    expect(completionsFor(["ps", "--lang", ""])).toEqual(["en", "zh"]);
  });

  test("leaves to the shell what it knows nothing of", () => {
    expect(completionsFor(["run", "--", "pyt"])).toEqual([]);
    expect(completionsFor(["nonsense", "x"])).toEqual([]);
  });
});
