// Files of a process, tried by every syscall from another process and from another tenant: in a world where they are, in one
// where they are not, and by the name of a process that never was. Nobody may be able to tell which is which.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { syscallTable } from "@aiosjs/sdk/protocol";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import type { Answer, Caller } from "./files.ts";
import { Target } from "./target.ts";

type FsName = Extract<SyscallName, `fs.${string}`>;

/** How each syscall is turned on a path of somebody else's. A new one has to be given its cases. */
const cases: { readonly [Name in FsName]: (path: string) => readonly object[] } = {
  "fs.read": (path) => [{ path }, { path, encoding: "base64" }, { path, version: 1 }],
  "fs.write": (path) => [{ path, content: "mine" }],
  "fs.append": (path) => [{ path, content: "mine" }],
  "fs.mkdir": (path) => [{ path }],
  "fs.list": (path) => [{ path }, { path, isRemoved: true }],
  "fs.stat": (path) => [{ path }],
  "fs.move": (path) => [
    { from: path, to: MINE },
    { from: "own", to: path },
  ],
  "fs.copy": (path) => [
    { from: path, to: MINE },
    { from: "own", to: path },
  ],
  "fs.remove": (path) => [{ path }, { path, isRecursive: true }],
  "fs.restore": (path) => [{ path }],
  "fs.history": (path) => [{ path }],
  "fs.diff": (path) => [{ path }, { path, from: 0, to: 1 }],
  "fs.search": (path) => [
    { query: "secret plan", folders: [path] },
    { query: "secret plan", by: "words" },
  ],
  "fs.do": (path) => [{ request: `show "${path}"` }, { request: `list "${path}"` }],
  "fs.share": (path) => [{ path }, { path, version: 1 }],
  "fs.unshare": (path) => [{ path }, { id: path }],
  "fs.shares": (path) => [{ path }, {}],
  "fs.reindex": (path) => [{ path }],
  "fs.indexing": (path) => [{ path }],
  "fs.watch": (path) => [{ path, afterChange: 0, timeoutMs: 1 }],
  "fs.mount": (path) => [{ folder: path, name: "mine" }],
  "fs.unmount": (path) => [{ name: path }],
  // Of the tenant, for all that are in it.
  "fs.mounts": () => [],
  "fs.usage": () => [{}],
  // Whoever may ask is told of all files.
  "fs.verify": () => [],
  "fs.rollback": (path) => [
    { path, version: 1 },
    { path, atMs: 1 },
    { path, back: 1 },
  ],
};

/** Sorted behind all that is named by a pid: sentences tell names in order, and pids differ from world to world. */
const MINE = "~~mine";
const LOCAL = "local";
const OTHER = "other";
const victims: readonly Caller[] = [LOCAL, OTHER].map((tenant) => ({ tenant, session: "victim" }));
const secret = randomBytes(12).toString("hex");
/** In a process's own folder, and in its tenant's. */
const files = ["plan", "folder/plan"];

/** Ways in which somebody may hope to name a file of a process. */
const ownPaths = (pid: string, tenant: string, file: string): string[] =>
  [
    `/home/${pid}`,
    `../${pid}`,
    pid,
    `/${tenant}/${pid}`,
    `/files/${tenant}/${pid}`,
    `../../${tenant}/${pid}`,
    `/home/../home/${pid}`,
    `/home/./${pid}`,
    `/home/${pid}.versions`,
    `/home/process:${pid}`,
    `/home/${tenant}:${pid}`,
    `/agents/${pid}`,
    `/groups/${pid}`,
    `/shared/../home/${pid}`,
    `/mnt/${pid}`,
    `~${pid}`,
  ].map((folder) => (file === "" ? folder : `${folder}/${file}`));

interface Probe {
  readonly by: Caller;
  readonly name: FsName;
  readonly args: object;
}

interface Isolation {
  readonly calls: number;
  readonly leaks: string[];
}

export async function isolation(top: string): Promise<Isolation> {
  const there = await live(join(top, "there"), { isThere: true });
  const bare = await live(join(top, "bare"), { isThere: false });
  const leaks: string[] = [...there.leaks];
  for (const [index, { probe, told, ofAbsent }] of there.seen.entries()) {
    const without = bare.seen[index];
    const what = `${probe.name} ${JSON.stringify(probe.args)} by ${probe.by.tenant}/${probe.by.session}`;
    if (told !== without?.told) leaks.push(`${what}: ${told}\n  and where nothing is: ${without?.told}`);
    if (told !== ofAbsent) leaks.push(`${what}: ${told}\n  and of a process that never was: ${ofAbsent}`);
  }
  return { calls: (there.seen.length + bare.seen.length) * 2, leaks };
}

interface Seen {
  readonly probe: Probe;
  readonly told: string;
  /** The same, asked by a like process about one that never was. */
  readonly ofAbsent: string;
}

async function live(folder: string, { isThere }: { isThere: boolean }): Promise<{ seen: Seen[]; leaks: string[] }> {
  await using kernel = new Target("kernel", folder, { uid: undefined });
  const pidOf = async (by: Caller): Promise<string> =>
    JSON.parse((await kernel.ask({ name: "pid", args: {}, by })).text) as string;
  const seen: Seen[] = [];
  const leaks: string[] = [];
  const laid = new Map<Caller, readonly string[]>();
  for (const by of victims) {
    const pid = await pidOf(by);
    const never = pid.slice(0, -1) + (pid.endsWith("0") ? "1" : "0");
    laid.set(by, isThere ? await lay(kernel, by) : []);
    for (const tenant of [LOCAL, OTHER]) {
      // Each is asked about one that is and about one that never was, by two that are alike.
      const [watcher, twin] = [`of-${pid}`, `twin-${pid}`].map((session) => ({ tenant, session })) as [Caller, Caller];
      const [own, twins] = [await pidOf(watcher), await pidOf(twin)];
      const asked = probesOf(watcher, by, pid);
      const absent = probesOf(twin, by, never);
      for (const [index, probe] of asked.entries()) {
        const answer = await kernel.ask(probe);
        const other = await kernel.ask(absent[index] as Probe);
        if (answer.text.includes(secret)) leaks.push(`${probe.name} ${JSON.stringify(probe.args)} tells a secret`);
        const told = nameless(answer, { [pid]: "PID", [own]: "OWN" });
        seen.push({ probe, told, ofAbsent: nameless(other, { [never]: "PID", [twins]: "OWN" }) });
      }
    }
  }
  for (const [by, expected] of laid) if (isThere) leaks.push(...(await damage(kernel, by, expected)));
  return { seen, leaks };
}

function probesOf(by: Caller, victim: Caller, pid: string): Probe[] {
  const names = Object.keys(syscallTable).filter((name): name is FsName => name.startsWith("fs."));
  const inner = [...files, "folder", "absent", ""];
  const own = inner.flatMap((file) => ownPaths(pid, victim.tenant, file));
  return names.flatMap((name) => own.flatMap((path) => cases[name](path).map((args) => ({ by, name, args }))));
}

/** Files of a victim, and what it is told of them. */
async function lay(kernel: Target, by: Caller): Promise<string[]> {
  for (const path of files)
    await done(kernel.ask({ name: "fs.write", args: { path, content: `secret ${secret}` }, by }));
  return Promise.all(files.map((path) => done(kernel.ask({ name: "fs.read", args: { path }, by }))));
}

async function damage(kernel: Target, by: Caller, expected: readonly string[]): Promise<string[]> {
  const now = await Promise.all(
    files.map(async (path) => (await kernel.ask({ name: "fs.read", args: { path }, by })).text),
  );
  return now.flatMap((text, index) =>
    text === expected[index] ? [] : [`${by.tenant}: ${files[index]} became ${text.slice(0, 200)}`],
  );
}

async function done(asking: Promise<Answer>): Promise<string> {
  const { is, text } = await asking;
  if (is !== "done") throw new Error(`the victim cannot lay its files: ${text}`);
  return text;
}

/** An answer without what tells worlds apart by nothing but their order. */
function nameless({ is, text }: Answer, names: Readonly<Record<string, string>>): string {
  let told = `${is} ${text}`;
  for (const [name, general] of Object.entries(names)) told = told.replaceAll(name, general);
  // How near a path is by its spelling differs with the pid that the caller itself has put into it.
  return told.replaceAll(
    /"(call|at|editedAt|change|lastChange|id|link|createdAt|expiresAt|similarity)":("[^"]*"|[\d.]+)/g,
    '"$1":…',
  );
}
