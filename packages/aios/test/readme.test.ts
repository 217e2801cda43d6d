import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { commands, flagOf, globalOptions } from "../src/cli/registry.ts";
import type { CommandRow } from "../src/cli/registry.ts";
import { configSchema } from "../src/config/schema.ts";
import { parse } from "yaml";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const fences = (text: string, lang: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${lang}\\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1] ?? "");

describe.each(["README.md", "README.zh-CN.md"])("%s", (name) => {
  const text = read(name);

  test("is short enough to be read", () => {
    expect(text.split("\n").length).toBeLessThan(250);
  });

  test("shows the agent that is tested, word for word", () => {
    const tested = /\/\/ README: begin\n([\s\S]*?)\/\/ README: end/.exec(
      read("packages/aios/test/e2e/readme-agent.test.ts"),
    )?.[1];
    expect(text).toContain(tested?.trim());
  });

  test("links only to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !link.includes("://"));
    expect(links.filter((link) => !existsSync(fileURLToPath(new URL(link, root))))).toEqual([]);
  });

  test("names only commands that exist", () => {
    const paths = (commands as readonly CommandRow[]).flatMap(({ path, aliases = [] }) => [path, ...aliases]);
    const named = [...text.matchAll(/(?:`|-s )aios(?: --)? ([a-z]+(?: [a-z]+)?)/g)].map((match) => match[1] ?? "");
    const unknown = named.filter(
      (words) => !paths.some((path) => words === path || words.startsWith(`${path} `) || path === words.split(" ")[0]),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(unknown).toEqual([]);
  });

  test("its configurations are valid", () => {
    const found = fences(text, "yaml");
    expect(found.length).toBeGreaterThan(1);
    for (const yaml of found) expect(configSchema.safeParse(parse(yaml)).error).toBeUndefined();
  });
});

test("every page links only to what is there, and the index of how-to pages lists them all", () => {
  const all = readdirSync(new URL("docs/", root), { recursive: true, encoding: "utf8" });
  const pages = [
    "CONTRIBUTING.md",
    "AGENTS.md",
    ...all.filter((path) => path.endsWith(".md")).map((path) => `docs/${path}`),
  ];
  const linksOf = (page: string): string[] =>
    [
      ...read(page)
        .replaceAll(/```[\s\S]*?```/g, "")
        .matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g),
    ]
      .map((match) => match[1] ?? "")
      .filter((link) => !link.includes("://"));
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((link) => !existsSync(fileURLToPath(new URL(link, new URL(page, root)))))
      .map((link) => `${page} → ${link}`),
  );
  expect(broken).toEqual([]);
  const listed = linksOf("docs/how-to/README.md");
  const howTo = readdirSync(new URL("docs/how-to/", root)).filter((file) => file !== "README.md");
  expect(howTo.filter((file) => !listed.includes(file))).toEqual([]);
});

test("both languages have the same sections, and the same lines to type", () => {
  const [english, chinese] = [read("README.md"), read("README.zh-CN.md")];
  const sections = (text: string): number => text.split("\n").filter((line) => line.startsWith("## ")).length;
  const typed = (text: string): string[] =>
    fences(text, "sh").flatMap((fence) => fence.split("\n").map((line) => line.replace(/\s+#.*$/, "")));
  expect(sections(chinese)).toBe(sections(english));
  expect(typed(chinese)).toEqual(typed(english));
});

test("the hints of the kernel name commands that exist, with options that they have", () => {
  const rows = commands as readonly CommandRow[];
  const folder = new URL("packages/aios/src/", root);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => /^(kernel|config|drivers|server)\b.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
  );
  const wrong = files.flatMap((path) =>
    [
      ...readFileSync(new URL(path, folder), "utf8").matchAll(/hint:[^\n]*?aios ([a-z]+(?: [a-z]+)?)([^`"'\n]*)/g),
    ].filter(([, words = "", rest = ""]) => {
      const row = rows.find((one) => one.path === words) ?? rows.find((one) => one.path === words.split(" ")[0]);
      const flags = [...rest.matchAll(/--([a-z-]+)/g)].map(([, flag = ""]) => flag);
      const known = new Set([...(row?.options ?? []), ...globalOptions].map((option) => flagOf(option).slice(2)));
      return row === undefined || flags.some((flag) => !known.has(flag));
    }),
  );
  expect(wrong.map(([text]) => text)).toEqual([]);
});
