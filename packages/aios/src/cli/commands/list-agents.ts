import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { oldText } from "../messages/old-names.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

/** The same path from `src` and from `dist`. */
const shipped = fileURLToPath(new URL("../../../agents", import.meta.url));

export async function run(context: ContextOf<"list-agents">): Promise<void> {
  const { cwd, home, t } = context;
  const folders = [join(cwd, "agents"), home.file("programs"), shipped];
  const agents = await agentsIn(folders);
  if (agents.length === 0) context.say(t(oldText.noAgents, { folders: folders.join(", ") }));
  context.result(agents, () =>
    agents.length === 0
      ? ""
      : table(
          agents,
          [
            { title: t(oldText.agent), text: ({ name }) => name, rank: 0 },
            { title: t(oldText.description), text: ({ description }) => description, rank: 1, least: 20 },
            { title: t(oldText.folder), text: ({ folder }) => folder, rank: 2, least: 20 },
          ],
          context,
        ),
  );
}

interface Agent {
  readonly name: string;
  readonly description: string;
  readonly folder: string;
}

/** In the kernel's order: the first folder that has a name wins. */
async function agentsIn(folders: readonly string[]): Promise<Agent[]> {
  const { parse } = await import("yaml");
  const found = new Map<string, Agent>();
  for (const folder of folders)
    for (const name of await namesIn(folder)) {
      const text = await readFile(join(folder, name, "agent.yaml"), "utf8").catch(() => undefined);
      if (text === undefined || found.has(name)) continue;
      const { description = "" } = parse(text) as { description?: string };
      found.set(name, { name, description, folder: join(folder, name) });
    }
  return [...found.values()].toSorted((left, right) => left.name.localeCompare(right.name));
}

/** A folder that is not there holds no agents. */
const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
