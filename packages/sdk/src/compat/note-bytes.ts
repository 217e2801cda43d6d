import type { Client } from "../client.ts";

/** The part of a client that tells what notes take. */
export type NoteUsageClient = Pick<Client, "mem">;

const NAMESPACES = 500;

/** What notes take by whose they are: a pid, the name of an agent or a group, or `tenant`. @throws SysError as `mem.usage` */
export async function noteBytesOf(client: NoteUsageClient): Promise<ReadonlyMap<string, number>> {
  const { namespaces } = await client.mem.usage({ limit: NAMESPACES });
  const held = new Map<string, number>();
  for (const { namespace, bytes } of namespaces) {
    const owner = namespace.replace(/^(?:process|agent|group):/, "");
    held.set(owner, (held.get(owner) ?? 0) + bytes);
  }
  return held;
}
