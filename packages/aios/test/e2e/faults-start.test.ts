// What stands in the way of a start: each time an exit code, one sentence that names it, and what to do.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main, openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;
/** Every fault is told in the foreground and by a kernel that was started in the background. */
const starts = [
  ["up", "--port", "0", "--core", "sim"],
  ["up", "-d", "--port", "0", "--core", "sim"],
] as const;

let aios: Aios;
beforeEach(async () => {
  aios = await openAios();
});
afterEach(() => aios[Symbol.asyncDispose](), timeoutMs);

type Ran = Awaited<ReturnType<Aios["run"]>>;

/** Two lines: what with its errno, and what to do. No stack, no path of our sources. */
function expectRefusal({ code, out, err }: Ran, { exit, errno, says }: { exit: number; errno: string; says: RegExp }) {
  expect([code, out], err).toEqual([exit, ""]);
  expect(err).toMatch(new RegExp(`^aios: .+ \\(${errno}\\): [^\\n]+\\n {2}→ [^\\n]+\\n$`));
  expect(err).toMatch(says);
  expect(err).not.toMatch(/\bat .+:\d+:\d+|file:\/\/|node_modules/);
}

describe("a start is refused", { timeout: timeoutMs }, () => {
  test("by a kernel that holds the home: its pid and its address are named, in both languages and in JSON", async () => {
    expect((await aios.run(starts[1])).code).toBe(0);
    const { pid, url } = JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as {
      pid: number;
      url: string;
    };
    for (const start of starts)
      expectRefusal(await aios.run(start), { exit: 6, errno: "EBUSY", says: new RegExp(`pid ${pid}, ${url}`) });
    const zh = await aios.run([...starts[0], "--lang", "zh"]);
    expect([zh.code, zh.err]).toEqual([6, expect.stringMatching(new RegExp(`正在使用中 .*pid ${pid}, ${url}`))]);
    const json = await aios.run([...starts[1], "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      error: { code: "EBUSY", message: expect.stringContaining(url) as string, hint: expect.any(String) as string },
    });
    // The first one has not noticed.
    expect((await aios.run(["ps"])).code).toBe(0);
  });

  test("by a port in use, which leaves neither a kernel nor the lock", async () => {
    await using other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    for (const start of starts) {
      const ran = await aios.run(start.map((word) => (word === "0" ? String(port) : word)));
      expectRefusal(ran, { exit: 6, errno: "EBUSY", says: new RegExp(`port ${port} .*in use`) });
    }
    expect(readdirSync(aios.home)).not.toContain("kernel.json");
    expect((await aios.run(starts[1])).code).toBe(0);
  });

  test.runIf(process.platform === "linux")("by a home that nobody may write", async () => {
    for (const start of starts) {
      const ran = await aios.run([...start, "--home", "/sys/aios"]);
      expectRefusal(ran, { exit: 5, errno: "EACCES", says: /\/sys\/aios.* cannot be written/ });
    }
  });

  test("by a file where the home should be", async () => {
    const file = join(aios.home, "file");
    writeFileSync(file, "");
    for (const start of starts) {
      const ran = await aios.run([...start, "--home", file]);
      expectRefusal(ran, { exit: 2, errno: "EINVAL", says: /file .*(folder)/ });
    }
  });

  test.each<[string, (path: string) => Promise<void> | void, RegExp]>([
    ["a text", (path) => writeFileSync(path, "hello\n"), /is not a journal/],
    ["an empty file", (path) => writeFileSync(path, ""), /is empty/],
    [
      "a database of another program",
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("create table notes (text); insert into notes values ('mine')");
        db.close();
      },
      /is a database of another program/,
    ],
    [
      "half a journal",
      async (path) => {
        await aios.run(starts[1]);
        await aios.run(["down"]);
        truncateSync(path, Math.floor(readFileSync(path).length / 2));
      },
      /is damaged/,
    ],
  ])("by %s in the journal's place, which is left as it is", async (_name, make, says) => {
    const path = join(aios.home, "journal.db");
    await make(path);
    const before = readFileSync(path);
    expectRefusal(await aios.run(starts[0]), { exit: 1, errno: "EIO", says });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe("what a dead kernel left", { timeout: timeoutMs }, () => {
  const without = [
    ["of a kernel that is gone", JSON.stringify({ pid: 4_194_303, url: "http://127.0.0.1:9", version: "0.1.0" })],
    ["that is torn", '{"pid": 12'],
    ["that is null", "null"],
  ] as const;
  test.each(without)(
    "a kernel.json %s: no kernel (exit 7), nothing to stop, and the next start works",
    async (_, text) => {
      writeFileSync(join(aios.home, "kernel.json"), text);
      const ps = await aios.run(["ps"]);
      expect([ps.code, ps.out]).toEqual([7, ""]);
      expect(ps.err).toMatch(/^aios: no kernel is running for .+\n {2}→ start one: aios up -d\n$/);
      const zh = await aios.run(["ps", "--lang", "zh"]);
      expect([zh.code, zh.err]).toEqual([7, expect.stringContaining("没有正在运行的内核")]);
      expect(await aios.run(["down"])).toMatchObject({
        code: 0,
        err: expect.stringContaining("nothing to stop") as string,
      });
      expect((await aios.run(starts[1])).code).toBe(0);
      expect((await aios.run(["ps"])).code).toBe(0);
    },
  );
});

const canMount =
  process.platform === "linux" &&
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]).status === 0;

// Where CI runs it must be possible: nothing is skipped there.
describe.runIf(canMount || process.env["CI"] === "true")("a full disk", { timeout: timeoutMs }, () => {
  /** A shell that sees a small disk at $DISK, with the binary as `aios`. */
  const onSmallDisk = async (script: string): Promise<string> => {
    const disk = join(aios.home, "disk");
    mkdirSync(disk);
    const prologue = `mount -t tmpfs -o size=2m tmpfs ${disk}; aios() { "${process.execPath}" --conditions=aios-source "${main}" "$@" 2>&1; }
      fill() { dd if=/dev/zero of=${disk}/fill bs=4k 2>/dev/null; }; code() { echo "exit $?"; }`;
    const { AIOS_URL: _url, AIOS_KEY: _key, AIOS_PID: _pid, ...own } = process.env;
    const shell = spawn("unshare", ["-rm", "bash", "-c", `${prologue}\n${script}`], {
      env: {
        ...own,
        AIOS_HOME: join(disk, "home"),
        DISK: disk,
        AIOS_LANG: "en",
        NO_COLOR: "1",
        OLLAMA_HOST: "127.0.0.1:9",
      },
    });
    let text = "";
    for await (const part of shell.stdout.setEncoding("utf8")) text += part as string;
    return text;
  };

  test("refuses a start with what to do", async () => {
    const text = await onSmallDisk(`fill; aios up --port 0; code; aios up -d --port 0; code`);
    expect(text).toMatch(
      /^aios: no space left \(ENOSPC\): .*full\n {2}→ .+\nexit 1\naios: no space left .*full\n {2}→ .+\nexit 1\n$/,
    );
  });

  test("refuses what would be lost and still shows what is there; with space again the kernel goes on by itself", async () => {
    const text = await onSmallDisk(`
      aios up -d --port 0 --core sim -q; fill
      chat() { aios call llm.chat '{"model":"sim/sim","maxTokens":5,"messages":[{"role":"user","content":"'$(head -c 20000 /dev/zero | tr '\\0' x)$1'"}]}' -q; }
      for i in 1 2 3 4 5 6 7 8 9 10; do chat $i >$DISK.$i || break; done; cat $DISK.$i
      echo "- status"; aios status; code
      echo "- run"; aios run -- echo lost; code
      rm $DISK/fill
      echo "- again"; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do aios run -q -- echo works && break; done
      aios down -q`);
    expect(text).toMatch(
      /^(?:.*ready.*\n)?aios: no space left \(ENOSPC\): the disk that holds .+ is full\n {2}→ free some space/,
    );
    expect(text).toMatch(
      /- status\n[^]*READ-ONLY[^]*exit 0\n- run\naios: no space left[^\n]+\n {2}→ [^\n]+\nexit 1\n- again/,
    );
    expect(text).toMatch(/works\n/);
    expect(text).not.toMatch(/\bat .+:\d+:\d+|file:\/\//);
  });
});
