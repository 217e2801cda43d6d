// What the official clients can say, read from the type declarations that they come with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Their folder: what they export does not tell it. */
const folderOf = (packageName: string): string => {
  const entry = fileURLToPath(import.meta.resolve(packageName));
  const inside = join("node_modules", packageName);
  return entry.slice(0, entry.lastIndexOf(inside) + inside.length);
};

/**
 * The members of an interface, as its package declares them. A release that brings a new one changes the list.
 * @throws where the package declares no such interface any more: the test then has to be pointed at the new one.
 */
export function membersOf(packageName: string, file: string, name: string): readonly string[] {
  const text = readFileSync(join(folderOf(packageName), file), "utf8");
  const from = text.indexOf(`export interface ${name} {\n`);
  if (from === -1) throw new Error(`${packageName}/${file} declares no interface ${name}`);
  const body = text.slice(from, text.indexOf("\n}", from));
  return [...body.matchAll(/^ {4}(\w+)\??: /gm)].map((match) => match[1] as string);
}
