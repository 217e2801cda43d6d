import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { asCallId, asPid, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toFileFault } from "./fault.ts";
import { createWorkspace } from "./workspace.ts";
import { folderNameOf, parseWorkspacePath } from "./workspace-path.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "aios-fs-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const isLinux = process.platform === "linux";
const home = (): string => join(root, "files", "acme", "p1");

function open(options: { maxFileBytes?: number; pid?: string } = {}) {
  const { pid = "p1", ...rest } = options;
  const driver = createWorkspace({ root: join(root, "files"), ...rest });
  return async (name: string, args: unknown): Promise<unknown> => {
    const context = {
      call: asCallId("c1"),
      idempotencyKey: "once",
      pid: asPid(pid),
      tenant: asTenantId("acme"),
      model: "",
      signal: new AbortController().signal,
      syscall: () => Promise.reject(new Error("the workspace makes no syscalls")),
    };
    for await (const batch of driver.execute(name, args, context))
      for (const event of batch) if (event.type === "result") return event.result;
    throw new Error("no result");
  };
}

const refusal = async (call: Promise<unknown>): Promise<string> => {
  try {
    return `went through: ${JSON.stringify(await call)}`;
  } catch (cause) {
    if (!isSysError(cause)) throw cause;
    return `${cause.code} ${cause.message}`;
  }
};

test("what is written is read back, in folders made as needed", async () => {
  const fs = open();
  expect(await fs("fs.write", { path: "a/b/c.txt", content: "grüß dich", encoding: "utf8" })).toEqual({
    sizeBytes: 11,
  });
  expect(await fs("fs.read", { path: "./a//b/c.txt", encoding: "utf8" })).toEqual({
    content: "grüß dich",
    sizeBytes: 11,
  });
  const bytes = Buffer.from([0, 255, 128]).toString("base64");
  await fs("fs.write", { path: "raw", content: bytes, encoding: "base64" });
  expect(await fs("fs.read", { path: "raw", encoding: "base64" })).toEqual({ content: bytes, sizeBytes: 3 });
  expect(await refusal(fs("fs.read", { path: "raw", encoding: "utf8" }))).toBe('EINVAL "raw" is not UTF-8 text');
  expect(await fs("fs.list", { path: "." })).toEqual({
    entries: [
      { name: "a", kind: "folder", sizeBytes: 0 },
      { name: "raw", kind: "file", sizeBytes: 3 },
    ],
  });
});

test("a file is replaced whole and nothing half-written is left or shown", async () => {
  const fs = open();
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      fs("fs.write", { path: "x", content: String(index).repeat(10_000), encoding: "utf8" }),
    ),
  );
  const { content } = (await fs("fs.read", { path: "x", encoding: "utf8" })) as { content: string };
  expect(new Set(content.replaceAll("1", "")).size).toBeLessThanOrEqual(1);
  expect(await readdir(home())).toEqual(["x"]);
});

test("a process that wrote nothing has an empty folder, and each process its own", async () => {
  expect(await open()("fs.list", { path: "." })).toEqual({ entries: [] });
  await open()("fs.write", { path: "mine", content: "", encoding: "utf8" });
  expect(await open({ pid: "p2" })("fs.list", { path: "." })).toEqual({ entries: [] });
});

test("a missing file is told with what there is instead", async () => {
  const fs = open();
  expect(await refusal(fs("fs.read", { path: "plan.md", encoding: "utf8" }))).toBe(
    'ENOENT no "plan.md"; the process\'s own folder is empty',
  );
  await fs("fs.write", { path: "notes/plan.md", content: "", encoding: "utf8" });
  expect(await refusal(fs("fs.read", { path: "notes/plan.txt", encoding: "utf8" }))).toBe(
    'ENOENT no "notes/plan.txt"; "notes" has "plan.md"',
  );
  expect(await refusal(fs("fs.remove", { path: "notes/old/x" }))).toBe('ENOENT no "notes/old"; "notes" has "plan.md"');
  expect(await refusal(fs("fs.list", { path: "note" }))).toBe(
    'ENOENT no "note"; the process\'s own folder has "notes/"',
  );
});

test("paths that could mean another place are refused with a sentence", () => {
  for (const path of [
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a\0b",
    "C:/x",
    "a\\..\\x",
    "con.txt",
    ".aios-tmp-1",
    "x".repeat(256),
  ])
    expect(() => parseWorkspacePath(path), path).toThrow(expect.objectContaining({ code: "EINVAL" }));
  expect(parseWorkspacePath("./a//b/.hidden")).toEqual(["a", "b", ".hidden"]);
  expect(parseWorkspacePath(".")).toEqual([]);
});

test("distinct ids have distinct folders inside the root", () => {
  const ids = ["a", "A", "a/b", "a%2Fb", "..", ".", "%2E", "*", "键", ""];
  const names = ids.map(folderNameOf);
  expect(new Set(names).size).toBe(ids.length);
  for (const name of names) expect(name).toMatch(/^[^./]+$/);
});

test.skipIf(process.platform === "win32")(
  "links, hard links, pipes and folders in a file's place are refused",
  async () => {
    const fs = open();
    await fs("fs.write", { path: "own/a", content: "own", encoding: "utf8" });
    await writeFile(join(root, "secret"), "secret");
    await symlink(root, join(home(), "out"));
    await symlink(join(root, "secret"), join(home(), "leak"));
    await symlink("own", join(home(), "inside"));
    await link(join(root, "secret"), join(home(), "hard"));
    execFileSync("/usr/bin/mkfifo", [join(home(), "pipe")]);
    const read = (path: string) => refusal(fs("fs.read", { path, encoding: "utf8" }));
    expect(await read("out/secret")).toBe('EACCES "out" passes through a link; links are not followed');
    expect(await read("inside/a")).toMatch(/^EACCES .*link/);
    expect(await read("leak")).toBe('EACCES "leak" is a link; links are not followed');
    expect(await read("hard")).toMatch(/^EACCES .*hard link/);
    expect(await read("pipe")).toMatch(/^EINVAL .*pipe/);
    expect(await read("own")).toBe('EINVAL "own" is a folder; list it instead');
    expect(await read("own/a/b")).toBe('EINVAL "a" is a file, not a folder');
    const write = (path: string) => refusal(fs("fs.write", { path, content: "mine", encoding: "utf8" }));
    expect(await write("out/secret")).toMatch(/^EACCES .*link/);
    expect(await write("out/new/file")).toMatch(/^EACCES .*link/);
    expect(await write("own")).toMatch(/^EINVAL .*folder/);
    // Writing over a link replaces the link; what it pointed at stays.
    expect(await write("leak")).toMatch(/^went through/);
    expect(await write("hard")).toMatch(/^went through/);
    expect(await readFile(join(root, "secret"), "utf8")).toBe("secret");
    expect((await fs("fs.list", { path: "." })) as object).toMatchObject({
      entries: expect.arrayContaining([{ name: "pipe", kind: "other", sizeBytes: 0 }]),
    });
    expect(await refusal(fs("fs.list", { path: "out" }))).toMatch(/^EACCES .*link/);
  },
);

test("a folder is removed only when it is empty, and removing a link leaves its target", async () => {
  const fs = open();
  await fs("fs.write", { path: "d/f", content: "", encoding: "utf8" });
  await writeFile(join(home(), "d", ".aios-tmp-of-a-crash"), "half");
  expect(await refusal(fs("fs.remove", { path: "d" }))).toBe('EINVAL the folder "d" is not empty');
  await fs("fs.remove", { path: "d/f" });
  await fs("fs.remove", { path: "d" });
  await symlink(root, join(home(), "out"));
  await fs("fs.remove", { path: "out" });
  expect(await readdir(home())).toEqual([]);
  expect(await refusal(fs("fs.remove", { path: "." }))).toMatch(/^EINVAL .*own folder/);
});

test("files over the limit are neither read nor written", async () => {
  const fs = open({ maxFileBytes: 10 });
  expect(await refusal(fs("fs.write", { path: "big", content: "x".repeat(11), encoding: "utf8" }))).toMatch(/^E2BIG/);
  await fs("fs.write", { path: "fits", content: "x".repeat(10), encoding: "utf8" });
  await writeFile(join(home(), "grown"), "x".repeat(11));
  expect(await refusal(fs("fs.read", { path: "grown", encoding: "utf8" }))).toMatch(/^E2BIG/);
});

test.runIf(isLinux)("a full disk is ENOSPC and says that the file is as it was", async () => {
  const cause = await writeFile("/dev/full", "x").catch((error: unknown) => error);
  expect(toFileFault(cause, "report.md")).toMatchObject({
    code: "ENOSPC",
    message: 'the disk is full; "report.md" was left as it was',
  });
});

// The attacker swaps a folder of the process against a link to a folder outside, as fast as it can.
const attacker = `
const { renameSync, rmSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
let isRunning = true;
parentPort.once("message", () => { isRunning = false; });
const move = (from, to) => {
  const [source, target] = [workerData.home + "/" + from, workerData.home + "/" + to];
  // The victim may have made the folder anew in the gap, and may be writing into it.
  for (let tries = 0; tries < 1000; tries++) {
    try { return renameSync(source, target); } catch {}
    try { rmSync(target, { recursive: true, force: true }); } catch {}
  }
  throw new Error("cannot move " + from + " to " + to);
};
const swap = () => {
  for (let round = 0; round < 200; round++) {
    move("slot", "real"); move("link", "slot");
    move("slot", "link"); move("real", "slot");
  }
  if (isRunning) setImmediate(swap); else parentPort.close();
};
swap();`;

test.runIf(isLinux)(
  "a link swapped in during the call leaks nothing, where a check of the path alone does",
  async () => {
    const fs = open();
    const outside = join(root, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "file"), "secret");
    await fs("fs.write", { path: "slot/file", content: "own", encoding: "utf8" });
    await symlink(outside, join(home(), "link"));
    const worker = new Worker(attacker, { eval: true, workerData: { home: home() } });
    const stopped = once(worker, "exit");
    await once(worker, "online");

    const isSecret = (content: string): boolean => content === "secret";
    let controlLeaks = 0;
    let rounds = 0;
    // The control: the path is inside by its text, then it is opened.
    for (; (controlLeaks < 3 || rounds < 500) && rounds < 50_000; rounds++) {
      const path = resolve(home(), "slot/file");
      expect(path.startsWith(home())).toBe(true);
      if (isSecret(await readFile(path, "utf8").catch(() => ""))) controlLeaks++;
    }
    const seen = { own: 0, refused: 0, secret: 0 };
    for (let round = 0; round < 2_000; round++) {
      try {
        const { content } = (await fs("fs.read", { path: "slot/file", encoding: "utf8" })) as { content: string };
        seen[isSecret(content) ? "secret" : "own"]++;
      } catch (cause) {
        expect(isSysError(cause)).toBe(true);
        seen.refused++;
      }
      if (round % 10 === 0)
        await fs("fs.write", { path: `slot/w${round}`, content: "x", encoding: "utf8" }).catch(() => {});
    }
    worker.postMessage("stop");
    await stopped;
    expect(controlLeaks).toBeGreaterThan(0);
    expect(seen.secret).toBe(0);
    expect(seen.own).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
    expect(await readdir(outside)).toEqual(["file"]);
  },
  60_000,
);

test("a file where the files folder should be is named, and once it is gone all is well", async () => {
  const fs = open();
  const write = (): Promise<unknown> => fs("fs.write", { path: "a", content: "x", encoding: "utf8" });
  await rm(join(root, "files"), { recursive: true, force: true });
  await writeFile(join(root, "files"), "");
  await expect(write()).rejects.toMatchObject({ code: "EIO", hint: expect.stringContaining("files.root") as string });
  await rm(join(root, "files"));
  await expect(write()).resolves.toEqual({ sizeBytes: 1 });
});
