import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asPid } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogs } from "../src/drivers/proc/logs.ts";
import { SecretMatcher } from "../src/kernel/secret-matcher.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-logs-"));
});
afterEach(() => rm(folder, { recursive: true }));

const pid = asPid("p1");
const path = () => join(folder, "p1.log");
const signal = new AbortController().signal;

async function readAll(logs: ReturnType<typeof createLogs>): Promise<string> {
  let all = "";
  for await (const text of logs.read(pid, { tailBytes: 1_000, follow: false, signal })) all += text;
  return all;
}

const redactor = () => new SecretMatcher([{ name: "<secret>", value: "s3cret-value" }]).redactor();

test("a secret that is printed is not kept, also when it comes in pieces, and what only looks like its beginning is", async () => {
  await using logs = createLogs({ folder, redactor });
  logs.append(pid, "the key is s3c");
  logs.append(pid, "ret-va");
  logs.append(pid, "lue, and this is s3c");
  expect(await readAll(logs)).toBe("the key is <secret>, and this is s3c");
  logs.append(pid, "ond s3c");
  expect(await readAll(logs)).toBe("the key is <secret>, and this is s3cond s3c");
});

test("what is held back is kept when nothing follows, and when the logs are closed", async () => {
  {
    await using logs = createLogs({ folder, redactor });
    logs.append(pid, "is it s3cret");
    while ((await readFile(path(), "utf8").catch(() => "")) === "") await new Promise((wake) => setImmediate(wake));
    logs.append(pid, "? s3");
  }
  expect(await readFile(path(), "utf8")).toBe("is it s3cret? s3");
});

test("what cannot be looked through is not kept, and the log says so", async () => {
  const broken = {
    push: () => {
      throw new Error("no list of secrets");
    },
    rest: () => "",
  };
  await using logs = createLogs({ folder, redactor: () => broken });
  logs.append(pid, "perhaps a secret");
  expect(await readAll(logs)).toBe("[16 characters are missing here: no list of secrets]\n");
});
