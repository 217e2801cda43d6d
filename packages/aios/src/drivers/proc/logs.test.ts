import { appendFile, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asPid } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogs } from "./logs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-logs-"));
});
afterEach(() => rm(folder, { recursive: true }));

const pid = asPid("p1");
const path = () => join(folder, "p1.log");
const never = new AbortController().signal;
async function readAll(logs: ReturnType<typeof createLogs>, tailBytes = 1_000_000): Promise<string> {
  let all = "";
  for await (const text of logs.read(pid, { tailBytes, follow: false, signal: never })) all += text;
  return all;
}

/** Follows in the background; `until` resolves when what was read so far ends in the text. */
function follow(logs: ReturnType<typeof createLogs>, tailBytes = 1_000_000) {
  const abort = new AbortController();
  let seen = "";
  let wake: (() => void) | undefined;
  const ended = (async () => {
    for await (const text of logs.read(pid, { tailBytes, follow: true, signal: abort.signal })) {
      seen += text;
      wake?.();
    }
    return seen;
  })();
  return {
    ended,
    abort,
    async until(text: string) {
      while (!seen.endsWith(text)) await new Promise<void>((resolve) => void (wake = resolve));
      return seen;
    },
  };
}

test("what was appended is read back in order, and the tail begins with a whole character", async () => {
  await using logs = createLogs({ folder });
  for (let line = 0; line < 1_000; line++) logs.append(pid, `${line} ü\n`);
  const text = await readAll(logs);
  expect(text).toBe(Array.from({ length: 1_000 }, (_, line) => `${line} ü\n`).join(""));
  expect(await readAll(logs, 2)).toBe("\n");
  expect(await readAll(logs, 3)).toBe("ü\n");
});

test("a process that printed nothing has an empty log", async () => {
  await using logs = createLogs({ folder: join(folder, "not", "there", "yet") });
  expect(await readAll(logs)).toBe("");
});

test("a follower sees what comes, also from another writer and before the file was there", async () => {
  await using logs = createLogs({ folder });
  const follower = follow(logs);
  logs.append(pid, "one\n");
  await follower.until("one\n");
  await appendFile(path(), "two\n");
  expect(await follower.until("two\n")).toBe("one\ntwo\n");
  logs.append(pid, "last words\n");
  follower.abort.abort();
  expect(await follower.ended).toBe("one\ntwo\nlast words\n");
});

test("a follower survives truncation and a file that takes the place of this one", async () => {
  await using logs = createLogs({ folder });
  await writeFile(path(), "a long first line\n");
  const follower = follow(logs);
  await follower.until("line\n");
  await truncate(path());
  await appendFile(path(), "after\n");
  await follower.until("after\n");
  await appendFile(path(), "before the move\n");
  await rename(path(), `${path()}.1`);
  await writeFile(path(), "new file\n");
  expect(await follower.until("new file\n")).toBe("a long first line\nafter\nbefore the move\nnew file\n");
  follower.abort.abort();
  await follower.ended;
});

test("a log is capped, and its tail reaches back over the cut", async () => {
  await using logs = createLogs({ folder, maxBytes: 1_000 });
  const follower = follow(logs);
  let written = "";
  for (let line = 0; line < 500; line++) {
    const text = `line ${line}\n`;
    written += text;
    logs.append(pid, text);
    // One write a line, so that the file is moved away where it would be in life.
    await follower.until(text);
  }
  expect((await stat(path())).size).toBeLessThan(1_100);
  expect((await stat(`${path()}.1`)).size).toBeLessThan(1_100);
  const tail = await readAll(logs, 1_050);
  expect(tail).toBe(written.slice(-1_050));
  follower.abort.abort();
  expect(await follower.ended).toBe(written);
});

test("text that the disk cannot take is left out, and the log says so", async () => {
  await using logs = createLogs({ folder, maxPendingChars: 100 });
  logs.append(pid, "kept\n");
  logs.append(pid, "x".repeat(200));
  await readAll(logs);
  logs.append(pid, "next\n");
  await readAll(logs);
  expect(await readFile(path(), "utf8")).toBe(
    "kept\n\n[200 characters are missing here: the disk could not take them]\nnext\n",
  );
});

test("a folder that cannot be made loses text, not the process", async () => {
  await writeFile(join(folder, "file"), "");
  const blocked = join(folder, "file", "logs");
  await using logs = createLogs({ folder: blocked });
  logs.append(pid, "lost");
  await expect(readAll(logs)).rejects.toMatchObject({ code: "ENOTDIR" });
  await rm(join(folder, "file"));
  logs.append(pid, "kept");
  expect(await readAll(logs)).toBe("\n[4 characters are missing here: the disk could not take them]\nkept");
});
