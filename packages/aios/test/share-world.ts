// A kernel on the virtual clock and a real disk, behind a real server, for tests of links to files.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Client } from "@aiosjs/sdk";
import { afterEach, expect } from "vitest";
import { serve } from "../src/server/server.ts";
import { openFileRig, removeFileFolders } from "./file-rig.ts";
import type { FileRig } from "./file-rig.ts";

export interface ShareWorld extends AsyncDisposable {
  readonly rig: FileRig;
  readonly fs: Client["fs"];
  readonly url: string;
  readonly open: (link: string, method?: string) => Promise<Response>;
}

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world[Symbol.asyncDispose]();
  await removeFileFolders();
});

export async function openShareWorld(options: Parameters<typeof openFileRig>[0] = {}): Promise<ShareWorld> {
  const rig = await openFileRig(options);
  const server = await serve(rig.kernel, { port: 0, graceMs: 0 });
  const world: ShareWorld = {
    rig,
    fs: rig.admin.fs,
    url: server.url,
    open: (link, method = "GET") => fetch(server.url + link, { method }),
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  };
  opened.push(world);
  return world;
}

/** With a person who allows what is asked meanwhile. */
export async function allowed<Result>({ admin }: Pick<FileRig, "admin">, doing: PromiseLike<Result>): Promise<Result> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  doing.then(over, over);
  while (!isOver) {
    for (const { id } of (await admin.approval.list()).approvals) await admin.approval.answer({ id, isApproved: true });
    await nextTurn();
  }
  return doing;
}

/** What somebody without a key sees, down to the last header. */
async function seen(response: Response): Promise<{ status: number; headers: object; body: string }> {
  const { date: _date, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
}

/** A link that never was. */
export const never = `/s/s${"0".repeat(15)}.${"A".repeat(43)}`;
export const isNowhere = async ({ open }: ShareWorld, ...links: string[]): Promise<void> => {
  const nothing = await seen(await open(never));
  expect(nothing.status).toBe(404);
  for (const link of links) expect(await seen(await open(link)), link).toEqual(nothing);
};
