import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { clients, cores, turns } from "./list.ts";

const page = readFileSync(new URL("../../../../../docs/reference/clients.md", import.meta.url), "utf8");
const source = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

const code = (text: string): string => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

test.each([
  [
    "clients",
    table(
      ["packages", "of it", "door", "test"],
      Object.values(clients).map(({ packages, by, door, file }) => [
        packages.map(code).join(", "),
        by,
        code(door),
        code(file),
      ]),
    ),
  ],
  [
    "lines",
    table(
      ["packages", "what you change"],
      Object.values(clients).map(({ packages, lines }) => [code(packages.at(-1) ?? ""), code(lines)]),
    ),
  ],
  ["turns", table(["turn", "is"], Object.entries(turns))],
  [
    "cores",
    table(
      ["behind the door"],
      Object.values(cores).map((core) => [core]),
    ),
  ],
])("the page on clients lists these %s, and no others", (name, text) => {
  const [, shown] = page.split(new RegExp(`<!-- /?${name} -->\n`));
  expect(shown?.trim()).toBe(text);
});

test.each(Object.entries(clients))(
  "%s is tried in the file that the list names, with the lines it shows",
  (name, { file, lines, packages }) => {
    const text = source(file);
    expect(text).toMatch(new RegExp(`"${name}"`));
    for (const from of packages) expect(text).toMatch(new RegExp(`from "${from}[/"]`));
    for (const [member] of lines.matchAll(/\w+(?=:)|new \w+|\.\w+\(/g)) expect(text).toContain(member);
  },
);

test("every test of this folder that tries clients is on the list", () => {
  const trying = readdirSync(new URL(".", import.meta.url)).filter(
    (file) => file.endsWith(".test.ts") && source(file).includes("\ntryClient("),
  );
  expect(trying.toSorted()).toEqual([...new Set<string>(Object.values(clients).map(({ file }) => file))].toSorted());
});
