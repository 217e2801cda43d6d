// A process on two machines: taken down on one, set up on the other, taken back, forked, and run again over its record.
import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, createHttpTransport } from "@aiosjs/sdk";
import type { Client, SnapshotItem } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSnapshot } from "../../src/cli/snapshot-file.ts";
import { readRootKey } from "../../src/config/home.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each step starts a Node process, and the machine may be busy. */
const timeoutMs = 180_000;
const diary = fileURLToPath(new URL("../programs/modules/diary.ts", import.meta.url));

let here: Aios;
let there: Aios;
let folder: string;
/** A module of its own, so that it can be changed. */
let program: string;
let pid: string;

const clients = new Map<Aios, Client>();
const clientOf = (aios: Aios): Client => clients.get(aios) as Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-snapshot-"));
  // Beside the original: what it imports is found from there.
  program = join(diary, "..", `diary-${process.pid}.ts`);
  await copyFile(diary, program);
  [here, there] = [await openAios(), await openAios()];
  for (const aios of [here, there]) {
    const { url } = await aios.data<{ url: string }>(["up", "-d", "--port", "0", "--core", "sim"]);
    clients.set(aios, createClient(createHttpTransport({ url, key: await readRootKey(aios.home) })));
  }
  pid = await started("diary");
}, timeoutMs);
afterAll(async () => {
  await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
  await rm(folder, { recursive: true });
  await rm(program);
}, timeoutMs);

async function started(name: string): Promise<string> {
  const module = { kind: "module" as const, file: program, task: "word" };
  const { pid: own } = await clientOf(here).proc.spawn({ program: module, name });
  await asleep(here, own);
  return own;
}

async function asleep(aios: Aios, who: string): Promise<void> {
  for (;;) {
    const { calls } = await clientOf(aios).proc.trace({ pid: who });
    if (calls.some(({ name, state }) => name === "proc.sleep" && state === "running")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ended(aios: Aios, who: string, word: string): Promise<unknown> {
  await asleep(aios, who);
  await clientOf(aios).proc.wake({ key: "word", value: word });
  return (await clientOf(aios).proc.wait({ pid: who })).result;
}

const filesOf = async (aios: Aios, who: string): Promise<Record<string, string>> => {
  const own = join(aios.home, "files", "local", who);
  const entries = await readdir(own, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.slice(own.length + 1), await readFile(file, "utf8")] as const)),
  );
};

const diaryOf = (third: string) => ({ today: { day: 3, content: third }, page: third });
const daysOf = (third: string) => ({
  "days/1.txt": "rain",
  "days/2.txt": "sun",
  "days/3.txt": third,
  "today.txt": third,
});

test(
  "a process goes on, on another machine, where it was taken down, and a second one beside it",
  { timeout: timeoutMs },
  async () => {
    const file = join(folder, "diary.snapshot");
    const taken = await here.run(["snapshot", "diary", "-o", file]);
    expect(taken.code, taken.err).toBe(0);
    expect(taken.out).toBe(`${file}\n`);
    expect(await here.run(["snapshot", "diary", "-o", file])).toMatchObject({ code: 6 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // The one that goes on here changes nothing of it.
    expect(await ended(here, pid, "snow")).toEqual(diaryOf("snow"));
    const restored = await there.run(["restore", file]);
    expect(restored.code, restored.err).toBe(0);
    expect(restored.out).toBe(`${pid}\n`);
    expect(await ended(there, pid, "fog")).toEqual(diaryOf("fog"));
    expect(await filesOf(there, pid)).toEqual(daysOf("fog"));
    expect(await filesOf(here, pid)).toEqual(daysOf("snow"));
    const second = await there.data<{ pid: string }>(["restore", file, "--name", "second", "--suspended"]);
    expect(second.pid).not.toBe(pid);
    expect((await clientOf(there).proc.show({ pid: second.pid })).state).toBe("suspended");
    await there.run(["resume", "second"]);
    expect(await ended(there, second.pid, "hail")).toEqual(diaryOf("hail"));
  },
);

test("a process is taken back, forked, and run again over its record", { timeout: timeoutMs }, async () => {
  const own = await started("other");
  expect(await ended(here, own, "snow")).toEqual(diaryOf("snow"));
  expect(await here.run(["replay", "other"])).toMatchObject({ code: 0, out: "12 calls, same to the end\n" });
  const fork = await here.data<{ pid: string }>(["fork", "other", "--at", "6"]);
  expect(await ended(here, fork.pid, "wind")).toEqual(diaryOf("wind"));
  const back = await here.run(["rollback", "other", "6"]);
  expect(back.code, back.err).toBe(0);
  expect(back.err).toContain("6 later calls are undone");
  await asleep(here, own);
  expect(await filesOf(here, own)).toEqual({ "days/1.txt": "rain", "days/2.txt": "sun", "today.txt": "sun" });
  expect(await ended(here, own, "hail")).toEqual(diaryOf("hail"));
  expect(await filesOf(here, own)).toEqual(daysOf("hail"));
  expect((await here.run(["trace", "other", "--state", "undone"])).out).toMatch(/fs\.write.*undone/);
  expect(await here.run(["replay", "other"])).toMatchObject({ code: 0, out: "12 calls, same to the end\n" });
  await writeFile(program, (await readFile(program, "utf8")).replace('"rain"', '"frost"'));
  const replayed = await here.run(["replay", "other"]);
  expect(replayed.code).toBe(6);
  expect(replayed.err).toContain("fs.write asks for something else");
});

test("a file that is damaged, or hostile, leaves nothing behind", { timeout: timeoutMs }, async () => {
  const whole = join(folder, "whole.snapshot");
  await here.run(["snapshot", pid, "-o", whole]);
  const before = (await clientOf(there).proc.list({ all: true })).total;
  const short = join(folder, "short.snapshot");
  await copyFile(whole, short);
  await truncate(short, Math.floor((await stat(short)).size * 0.7));
  expect(await there.run(["restore", short])).toMatchObject({ code: 1 });
  const hostile = join(folder, "hostile.snapshot");
  const piece = (path: string): SnapshotItem => ({
    is: "held",
    holding: "workspace",
    body: { path, kind: "file", at: 0, base64: "" },
  });
  const items = async function* (): AsyncGenerator<SnapshotItem> {
    const page = await clientOf(here).proc.snapshot({ pid });
    yield* [...page.items, piece("kept"), piece("../../escape")];
  };
  await writeSnapshot(hostile, items(), { t: () => "", signal: new AbortController().signal, kernel: "0" });
  const refused = await there.run(["restore", hostile]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("leads out of the process's own folder");
  expect((await clientOf(there).proc.list({ all: true })).total).toBe(before);
  expect(await readdir(join(there.home, "files"))).toEqual(["local"]);
  expect((await readdir(join(there.home, "files", "local"))).filter((name) => !name.includes("."))).toHaveLength(2);
});
