import type { Client, ResultOf } from "@aiosjs/sdk";

/** What a run leaves in the home. */
export interface Left {
  readonly notes: number;
  /** Versions of files that the agents made. */
  readonly versions: number;
  /** What a search for `sought` finds first, and who wrote it. */
  readonly found: { readonly hit: ResultOf<"fs.search">["hits"][number]; readonly by: string } | undefined;
}

interface Agent {
  readonly name: string;
  readonly pid: string;
}

export async function leftBy(
  client: Client,
  { agents, sought }: { agents: readonly Agent[]; sought: string },
): Promise<Left> {
  const folders = ["/shared", ...agents.map(({ pid }) => `/home/${pid}`)];
  const [notes, versions, { hits }] = await Promise.all([
    notesBy(client, agents),
    Promise.all(folders.map((folder) => versionsBy(client, { agents, folder }))),
    client.fs.search({ query: sought, folders, isLiteral: true, limit: 1 }),
  ]);
  const [hit] = hits;
  const by = agents.find(({ pid }) => hit?.path.startsWith(`/home/${pid}/`))?.name ?? "";
  return { notes, versions: versions.reduce((sum, count) => sum + count, 0), found: hit && { hit, by } };
}

async function notesBy(client: Client, agents: readonly Agent[]): Promise<number> {
  const pids = new Set(agents.map(({ pid }) => pid));
  let kept = 0;
  for (let after: string | null | undefined; after !== null;) {
    const page = await client.mem.export({ namespaces: ["tenant"], ...(after === undefined ? {} : { after }) });
    kept += page.notes.filter(({ source }) => pids.has(source.pid)).length;
    after = page.next;
  }
  return kept;
}

async function versionsBy(
  client: Client,
  { agents, folder }: { agents: readonly Agent[]; folder: string },
): Promise<number> {
  const { versions } = await client.fs.history({ path: folder, limit: 1_000 });
  return versions.filter(({ kind, pid }) => kind === "file" && agents.some((agent) => agent.pid === pid)).length;
}
