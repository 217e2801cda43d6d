import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { exitCodeOf, parentCommand } from "./command-parent.ts";

const folder = tmpdir();

const run = async (command: string[], started: (hostPid: number) => void = () => undefined) => {
  const environment = { PATH: process.env["PATH"] ?? "", GIVEN: "yes" };
  const program = { command, cwd: folder, environment, hasTerminal: false, isDetached: true };
  let log = "";
  const end = await parentCommand(program, { started, print: (text) => void (log += text) });
  return { end, code: exitCodeOf(end), log };
};

/** A zombie that nobody has reaped yet is dead. */
const isAlive = (pid: number): boolean =>
  /^[^Z]/.test(spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim());

describe.skipIf(process.platform === "win32")("a command", () => {
  test("ends with its own code, and both its streams are in the log", async () => {
    const { code, log } = await run(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(code).toBe(7);
    expect(log.split("\n").toSorted()).toEqual(["", "err", "out"]);
  });

  test("sees the environment that it is given and no other", async () => {
    const { log } = await run(["env"]);
    expect(
      log
        .match(/^\w+/gm)
        ?.filter((name) => !["PWD", "SHLVL", "_"].includes(name))
        .toSorted(),
    ).toEqual(["GIVEN", "PATH"]);
  });

  test("that a signal ends gives 128 + its number, one that does not exist 127, one that is no program 126", async () => {
    expect((await run(["sh", "-c", "kill -TERM $$"])).code).toBe(143);
    expect((await run(["no-such-command-here"])).code).toBe(127);
    expect((await run([folder])).code).toBe(126);
  });

  test("leads a process group of its own, with all that it starts", async () => {
    let started = 0;
    const { log } = await run(["sh", "-c", "ps -o pgid= -p $$; sh -c 'ps -o pgid= -p $$'"], (hostPid) => {
      started = hostPid;
    });
    expect(log.trim().split(/\s+/).map(Number)).toEqual([started, started]);
  });

  test("takes what it left behind with it when it ends", async () => {
    const { code, log } = await run(["sh", "-c", "sleep 600 & echo $!; exit 0"]);
    expect(code).toBe(0);
    expect(isAlive(Number(log))).toBe(false);
  });

  test("with more output than a pipe holds loses none of it", async () => {
    const { log } = await run(["sh", "-c", "seq 1 200000"]);
    expect(log.length).toBe(1_288_895);
    expect(log.endsWith("\n200000\n")).toBe(true);
  });
});
