import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, createHttpTransport } from "@aiosjs/sdk";
import { killCommand, startOf } from "../command-host.ts";
import type { CommandEntry, CommandLink } from "./command-answer.ts";

/** The way from a command's parent to the kernel, also to the next one on the same home, wherever that listens. */
export function linkTo({ home, door }: CommandEntry): CommandLink {
  const url = async (): Promise<string> => (home === null ? undefined : await urlIn(home)) ?? door.url;
  return {
    startOf,
    kill: killCommand,
    url,
    connect: async () => createClient(createHttpTransport({ url: await url(), key: door.key })),
  };
}

/** Where the kernel of a home listens now; undefined while there is none, or for a kernel elsewhere. */
async function urlIn(home: string): Promise<string | undefined> {
  try {
    const { url } = JSON.parse(await readFile(join(home, "kernel.json"), "utf8")) as { url?: unknown };
    return typeof url === "string" ? url : undefined;
  } catch {
    return undefined; // no kernel there, or just starting
  }
}
