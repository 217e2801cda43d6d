import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHomeLock } from "./home-lock.ts";
import type { HomeLock } from "./home-lock.ts";

/** As a kernel does that stands by for nobody. */
async function acquireHomeLock(folder: string): Promise<HomeLock> {
  const lock = await openHomeLock(folder);
  if (!lock.take()) throw lock.refusal();
  lock.announce();
  return lock;
}

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-home-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** Takes the home in a process of its own, publishes an address, and says when it is done. */
const holder = `
  import { openHomeLock } from ${JSON.stringify(new URL("./home-lock.ts", import.meta.url).href)};
  const lock = await openHomeLock(process.argv[1]);
  lock.take();
  lock.publish({ url: "http://127.0.0.1:4141", ports: [4141], version: "1.2.3" });
  console.log("held");
  process.stdin.resume();
`;

test("a second kernel is refused and told which one holds the home, also when that one is killed and gone it is let in", async () => {
  const first = spawn(process.execPath, [...process.execArgv, "--input-type=module", "-e", holder, home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(first.stdout, "data");
  await expect(acquireHomeLock(home)).rejects.toMatchObject({
    code: "EBUSY",
    message: `another kernel (pid ${first.pid}, http://127.0.0.1:4141) runs on ${home}`,
  });
  first.kill("SIGKILL");
  await once(first, "exit");
  await using lock = await acquireHomeLock(home);
  // The killed one's address is gone before the next one has its own.
  expect(JSON.parse(readFileSync(join(home, "kernel.json"), "utf8"))).toMatchObject({ pid: process.pid, url: null });
  lock.publish({ url: "http://127.0.0.1:1", ports: [1], version: "2" });
});

test("a home is held once within a process too, and free again after it was given back", async () => {
  const folder = join(home, "a", "new folder");
  const lock = await acquireHomeLock(folder);
  await expect(acquireHomeLock(folder)).rejects.toMatchObject({ code: "EBUSY" });
  await lock[Symbol.asyncDispose]();
  await lock[Symbol.asyncDispose]();
  await using _next = await acquireHomeLock(folder);
});

test("a kernel that has not told its address yet is named by its pid, one whose file is broken not at all", async () => {
  await using _lock = await acquireHomeLock(home);
  await expect(acquireHomeLock(home)).rejects.toThrow(`another kernel (pid ${process.pid}) runs on ${home}`);
  writeFileSync(join(home, "kernel.json"), "{");
  await expect(acquireHomeLock(home)).rejects.toThrow(`another kernel runs on ${home}`);
});

test("a home that is no folder is refused with what to do", async () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  await expect(acquireHomeLock(file)).rejects.toMatchObject({
    code: "EINVAL",
    hint: expect.stringContaining("--home"),
  });
});
