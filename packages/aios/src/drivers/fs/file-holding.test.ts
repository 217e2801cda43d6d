import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asCallId, asPid, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Holder } from "../../kernel/ports.ts";
import { createSeededRandom } from "../random/seeded.ts";
import { createWorkspace } from "./workspace.ts";
import type { Workspace } from "./workspace.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "aios-holding-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const holder = (pid: string): Holder => ({ tenant: asTenantId("acme"), pid: asPid(pid) });
const folderOf = (pid: string): string => join(root, "acme", pid);

async function call(workspace: Workspace, seq: number | undefined, [name, args]: [string, unknown]): Promise<unknown> {
  const context = {
    ...holder("p1"),
    call: asCallId("c1"),
    idempotencyKey: "once",
    seq,
    model: "",
    signal: new AbortController().signal,
    syscall: () => Promise.reject(new Error("the workspace makes no syscalls")),
  };
  for await (const batch of workspace.execute(name, args, context))
    for (const event of batch) if (event.type === "result") return event.result;
  throw new Error("no result");
}

const write = (workspace: Workspace, seq: number | undefined, [path, content]: [string, string]): Promise<unknown> =>
  call(workspace, seq, ["fs.write", { path, content, encoding: "utf8" }]);
const remove = (workspace: Workspace, seq: number, path: string): Promise<unknown> =>
  call(workspace, seq, ["fs.remove", { path }]);

/** Every path below a folder: a file's content, `null` for a folder. */
async function treeOf(folder: string): Promise<Record<string, string | null>> {
  const tree: Record<string, string | null> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    tree[path.slice(folder.length + 1)] = entry.isDirectory() ? null : await readFile(path, "utf8");
  }
  return tree;
}

async function exported(
  workspace: Workspace,
  seq: number,
  after?: string,
): Promise<{ place: string; body: unknown }[]> {
  const pieces = [];
  for await (const piece of workspace.export(holder("p1"), seq, after)) pieces.push(piece);
  return pieces;
}

const refusal = async (doing: Promise<unknown>): Promise<string> => {
  try {
    return `went through: ${JSON.stringify(await doing)}`;
  } catch (cause) {
    if (!isSysError(cause)) throw cause;
    return `${cause.code} ${cause.message}`;
  }
};

test.each([1, 2, 3])(
  "the folder goes back to any call, is copied and exported as after any call, and goes on from there (seed %i)",
  { timeout: 60_000 },
  async (seed) => {
    const random = createSeededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random.next() * from.length)] as T;
    let workspace = createWorkspace({ root });
    const paths = ["a", "b", "d/a", "d/b", "d/e/a", "f/a", "d", "d/e", "f"];
    const states = new Map<number, Record<string, string | null>>([[0, {}]]);
    let seq = 0;
    const act = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        seq++;
        const path = pick(paths);
        const doing =
          random.next() < 0.65 ? write(workspace, seq, [path, `${seed}:${seq}`]) : remove(workspace, seq, path);
        await doing.catch((cause: unknown) => expect(isSysError(cause)).toBe(true));
        states.set(seq, await treeOf(folderOf("p1")));
        // A restart of the kernel changes nothing.
        if (random.next() < 0.1) workspace = createWorkspace({ root });
      }
    };
    await act(60);
    for (let round = 0; round < 5; round++) {
      const known = [...states.keys()];
      const [back, look] = [pick(known), pick(known)];
      await workspace.copyTo(holder("copy"), holder("p1"), look);
      expect(await treeOf(folderOf("copy"))).toEqual(states.get(look));
      await workspace.drop(holder("copy"));
      const pieces = await exported(workspace, look);
      await workspace.import(
        holder("copy"),
        pieces.map(({ body }) => body),
      );
      expect(await treeOf(folderOf("copy"))).toEqual(states.get(look));
      await workspace.drop(holder("copy"));
      await workspace.backTo(holder("p1"), back);
      expect(await treeOf(folderOf("p1"))).toEqual(states.get(back));
      // Twice is once: a crash may come between it and the word that it is done.
      await workspace.backTo(holder("p1"), back);
      expect(await treeOf(folderOf("p1"))).toEqual(states.get(back));
      for (const later of known) if (later > back) states.delete(later);
      await act(15);
    }
  },
);

test("of calls that ran at once, the ones up to the named one hold, whichever was done first", async () => {
  const workspace = createWorkspace({ root });
  await write(workspace, 1, ["x", "one"]);
  await write(workspace, 6, ["x", "six"]);
  await write(workspace, 5, ["x", "five"]);
  await write(workspace, 7, ["y", "seven"]);
  await workspace.backTo(holder("p1"), 5);
  expect(await treeOf(folderOf("p1"))).toEqual({ x: "five" });
  await workspace.backTo(holder("p1"), 4);
  expect(await treeOf(folderOf("p1"))).toEqual({ x: "one" });
});

test("a large file travels in pieces, from any of them on", async () => {
  const workspace = createWorkspace({ root });
  const content = Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join("");
  await write(workspace, 1, ["large", content]);
  await write(workspace, 1, ["small", ""]);
  await write(workspace, 2, ["large", "gone"]);
  const pieces = await exported(workspace, 1);
  expect(pieces.length).toBeGreaterThan(4);
  for (const [index, { place }] of pieces.entries())
    expect(await exported(workspace, 1, place)).toEqual(pieces.slice(index + 1));
  await workspace.import(
    holder("copy"),
    pieces.map(({ body }) => body),
  );
  expect(await treeOf(folderOf("copy"))).toEqual({ large: content, small: "" });
});

test("a change that a crash cut off before it was made leaves a file that can be read, and a way back", async () => {
  await write(createWorkspace({ root }), 1, ["x", "one"]);
  // The old content has its second name, and the line is written; then the kernel died.
  const versions = `${folderOf("p1")}.versions`;
  await link(join(folderOf("p1"), "x"), join(versions, "2"));
  const line = { n: 2, seq: 2, atMs: 0, path: "x", was: "file", sizeBytes: 3 };
  await writeFile(join(versions, "log"), `${JSON.stringify(line)}\n`, { flag: "a" });
  const workspace = createWorkspace({ root });
  expect(await call(workspace, undefined, ["fs.read", { path: "x", encoding: "utf8" }])).toMatchObject({
    content: "one",
  });
  await write(workspace, 2, ["x", "two"]);
  await workspace.backTo(holder("p1"), 1);
  expect(await treeOf(folderOf("p1"))).toEqual({ x: "one" });
  // And one that was cut off while its line was written.
  await writeFile(join(versions, "log"), '{"n":9,"seq":3,"pa', { flag: "a" });
  const next = createWorkspace({ root });
  await write(next, 3, ["x", "three"]);
  await next.backTo(holder("p1"), 1);
  expect(await treeOf(folderOf("p1"))).toEqual({ x: "one" });
});

test("a damaged log is named, and nothing is changed on the strength of it", async () => {
  await write(createWorkspace({ root }), 1, ["x", "one"]);
  const log = join(`${folderOf("p1")}.versions`, "log");
  await writeFile(log, `rubbish\n${await readFile(log, "utf8")}`);
  expect(await refusal(write(createWorkspace({ root }), 2, ["x", "two"]))).toMatch(/^EIO .*log is damaged in line 1$/);
  expect(await treeOf(folderOf("p1"))).toEqual({ x: "one" });
});

test("old contents beyond the bound are forgotten, and the call back to which they are kept is named", async () => {
  let nowMs = 0;
  const workspace = createWorkspace({ root, maxOldBytes: 10_000, nowMs: () => nowMs });
  for (let seq = 1; seq <= 20; seq++) await write(workspace, seq, ["x", String(seq).padStart(1_000)]);
  const told = await refusal(workspace.checkBack(holder("p1"), 3));
  expect(told).toMatch(/^ESTALE the files of p1 are known back to its call \d+ only$/);
  const floor = Number(/call (\d+)/.exec(told)?.[1]);
  expect(floor).toBeGreaterThan(3);
  expect(await refusal(exported(workspace, floor - 1))).toBe(told);
  expect(await refusal(workspace.copyTo(holder("copy"), holder("p1"), floor - 1))).toBe(told);
  nowMs = 1;
  await write(workspace, 21, ["x", "21"]);
  await workspace.prune({ keepDays: 0 });
  expect(await refusal(workspace.checkBack(holder("p1"), 19))).toMatch(/back to its call 20 only/);
  await workspace.backTo(holder("p1"), 20);
  expect((await treeOf(folderOf("p1")))["x"]?.trim()).toBe("20");
  const sizes = await readdir(`${folderOf("p1")}.versions`);
  expect(sizes).toEqual(["log"]);
});

test("what others put into the folder stays where it is, and what is theirs does not travel", async () => {
  const workspace = createWorkspace({ root });
  await write(workspace, 1, ["x", "one"]);
  await write(workspace, 2, ["d/y", "two"]);
  await writeFile(join(folderOf("p1"), "d", "theirs"), "theirs");
  await writeFile(join(root, "secret"), "secret");
  await symlink(join(root, "secret"), join(folderOf("p1"), "link"));
  await link(join(root, "secret"), join(folderOf("p1"), "hard"));
  await mkdir(join(root, "outside"));
  expect((await exported(workspace, 2)).map(({ place }) => place)).toEqual(["d", "d/theirs", "d/y", "x"]);
  await write(workspace, 3, ["hard", "mine"]);
  await workspace.backTo(holder("p1"), 1);
  expect(Object.keys(await treeOf(folderOf("p1"))).toSorted()).toEqual(["d", "d/theirs", "link", "x"]);
  expect(await readFile(join(root, "secret"), "utf8")).toBe("secret");
});

test("pieces that lead elsewhere, overlap or are no pieces are refused, and nothing is written", async () => {
  const workspace = createWorkspace({ root, maxFileBytes: 100 });
  const to = holder("copy");
  const put = (...bodies: unknown[]): Promise<string> => refusal(workspace.import(to, bodies));
  const file = (path: string, at = 0, base64 = ""): unknown => ({ path, kind: "file", at, base64 });
  for (const path of [
    "../p1/x",
    "/etc/passwd",
    "a/../../x",
    "a//b",
    "./a",
    "",
    "C:/x",
    "a\\b",
    "con",
    ".aios-tmp-x",
    "a\u0000b",
  ])
    expect(await put(file(path))).toMatch(/^EINVAL /);
  for (const body of [
    null,
    1,
    {},
    { path: "x" },
    { path: "x", kind: "link" },
    file("x", -1),
    file("x", 0.5),
    file("x", 0, "*"),
  ])
    expect(await put(body)).toMatch(/^EINVAL /);
  expect(await put(file("x", 0, Buffer.alloc(101).toString("base64")))).toMatch(/^E2BIG /);
  expect(await put(file("x", 90, Buffer.alloc(11).toString("base64")))).toMatch(/^E2BIG /);
  expect(await put(file("x", 4, "AAAA"))).toMatch(/^EINVAL "x" has no beginning/);
  expect(await treeOf(root)).toEqual({ acme: null, "acme/copy": null });
  expect(await put(file("x", 0, "AAAA"), file("x", 0, "AAAA"))).toMatch(/^EINVAL "x" comes twice/);
  expect(await put(file("x", 2, "AAAA"))).toMatch(/^EINVAL "x" does not begin where/);
  // A link that somebody planted on the way is not followed.
  await symlink(root, join(folderOf("copy"), "out"));
  expect(await put(file("out/x", 0, "AAAA"))).toMatch(/^EACCES /);
  expect(await readdir(root)).toEqual(["acme"]);
});
