import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** The command line of aios, for commands that call it. */
const inner = [process.execPath, "--conditions=aios-source", join(import.meta.dirname, "../../src/cli/main.ts")];
/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 60_000;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

/** State letters of processes of this machine: T stopped, Z ended and not yet reaped, "" gone. */
const hostStates = (hostPids: readonly number[]): string[] =>
  hostPids.map(
    (pid) => spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim()[0] ?? "",
  );

const processNamed = async (name: string): Promise<ProcessView> => {
  const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
  const found = processes.find((process) => process.name === name);
  if (!found) throw new Error(`no process ${name}`);
  return found;
};

/** A shell with a child in its group and a grandchild in a session of its own (macOS has no setsid); prints the three ids. */
const newSession = process.platform === "linux" ? "setsid " : "";
const family = `sleep 600 & a=$!; ${newSession}sh -c "sleep 600 & wait" & b=$!; echo "ids $$ $a $b"; wait`;

describe.skipIf(process.platform === "win32")("a command", { timeout: timeoutMs }, () => {
  test("exits with its own code, gets stdin, and its output is on the terminal and in the log", async () => {
    const ran = await aios.run(["run", "--name", "echoing", "--", "sh", "-c", "cat; echo oops >&2; exit 7"], {
      input: "from stdin\n",
    });
    expect(ran).toMatchObject({ code: 7, out: "from stdin\n" });
    expect(ran.err).toContain("oops");
    expect((await processNamed("echoing")).exit).toMatchObject({ code: 7, signal: null });
    const { out } = await aios.run(["logs", "echoing"]);
    expect(out.split("\n").toSorted()).toEqual(["", "from stdin", "oops"]);
  });

  test("finds the kernel and a key of its own in its environment, and no key of the user's", async () => {
    const env = {
      OPENAI_API_KEY: "sk-the-users-own",
      GITHUB_TOKEN: "gh-real",
      MY_SECRET: "hidden-from-children",
      AWS_SESSION_TOKEN: "aws-session-of-the-user",
      LET: "me",
    };
    const { out } = await aios.run(["run", "--env", "GITHUB_TOKEN", "--", "env"], { env });
    const given = new Map(out.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
    for (const secret of ["sk-the-users-own", "hidden-from-children", "aws-session-of-the-user"])
      expect(out).not.toContain(secret);
    expect(given.get("GITHUB_TOKEN")).toBe("gh-real");
    expect(given.get("LET")).toBe("me");
    const key = given.get("AIOS_KEY");
    expect(key).toMatch(/^aios_sk_/);
    for (const name of ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
      expect(given.get(name)).toBe(key);
    expect(given.get("OPENAI_BASE_URL")).toBe(`${given.get("AIOS_URL")}/v1`);
    expect(given.get("ANTHROPIC_BASE_URL")).toBe(given.get("AIOS_URL"));
  });

  test("loses its key when it ends", async () => {
    const { out } = await aios.run(["run", "--", "sh", "-c", 'echo "$AIOS_URL $AIOS_KEY"']);
    const [url = "", key = ""] = out.trim().split(" ");
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(401);
  });

  test("that does not exist is 127 and a sentence, in the foreground and detached", async () => {
    for (const flags of [[], ["-d"]]) {
      const { code, err } = await aios.run(["run", ...flags, "--", "no-such-command"]);
      expect(code).toBe(127);
      expect(err).toContain('no command "no-such-command" on the PATH');
    }
  });

  test("is killed with its whole tree, also what lives in a session of its own", async () => {
    const started = aios.start(["run", "--name", "tree", "--", "sh", "-c", family]);
    const ids = (await said(started, /ids (\d+) (\d+) (\d+)\n/)).slice(1).map(Number);
    expect(hostStates(ids)).not.toContain("");
    const killed = await aios.run(["kill", "tree"]);
    expect(killed.code).toBe(0);
    expect(await started.ended).toBe(137);
    for (const state of hostStates(ids)) expect(["", "Z"]).toContain(state);
    expect((await processNamed("tree")).exit).toMatchObject({ signal: "SIGKILL" });
  });

  test("stands still with its whole tree when suspended, and goes on when resumed", async () => {
    const started = aios.start(["run", "--name", "still", "--", "sh", "-c", family]);
    const ids = (await said(started, /ids (\d+) (\d+) (\d+)\n/)).slice(1).map(Number);
    await aios.run(["suspend", "still"]);
    expect(hostStates(ids)).toEqual(["T", "T", "T"]);
    expect((await processNamed("still")).state).toBe("suspended");
    await aios.run(["resume", "still"]);
    expect(hostStates(ids)).not.toContain("T");
    await aios.run(["kill", "still"]);
    await started.ended;
  });

  test("gets the first Ctrl-C; the second one kills its tree, and the kernel learns how it ended", async () => {
    const script = `trap 'echo interrupted' INT; sleep 600 & echo "ids $$ $!"; while :; do wait; done`;
    const started = aios.start(["run", "--name", "stubborn", "--", "bash", "-c", script]);
    const ids = (await said(started, /ids (\d+) (\d+)\n/)).slice(1).map(Number);
    const told = said(started, /interrupted/);
    started.child.kill("SIGINT");
    await told;
    expect(hostStates(ids.slice(0, 1))).not.toContain("");
    started.child.kill("SIGINT");
    expect(await started.ended).toBe(137);
    for (const state of hostStates(ids)) expect(["", "Z"]).toContain(state);
    expect((await processNamed("stubborn")).exit).toMatchObject({ signal: "SIGKILL" });
  });

  test("outlives the kernel: the next one adopts it and learns how it ended", async () => {
    const started = aios.start(["run", "--name", "survivor", "--", "sh", "-c", "echo up; read line; exit 9"]);
    await said(started, /up\n/);
    const before = await processNamed("survivor");
    expect((await aios.run(["restart"])).code).toBe(0);
    expect(await processNamed("survivor")).toMatchObject({ pid: before.pid, exit: null, hostPid: before.hostPid });
    started.child.stdin?.end("go\n");
    expect(await started.ended).toBe(9);
    expect((await processNamed("survivor")).exit).toMatchObject({ code: 9 });
  });

  test("that ends while no kernel is there tells the next one", async () => {
    const started = aios.start(["run", "--name", "patient", "--", "sh", "-c", "echo up; read line; exit 5"]);
    await said(started, /up\n/);
    expect((await aios.run(["down"])).code).toBe(0);
    started.child.stdin?.end("go\n");
    const [away] = (await once(started.child.stderr!.setEncoding("utf8"), "data")) as [string];
    expect(away).toContain("the kernel is away");
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    expect(await started.ended).toBe(5);
  });

  test("that a command starts through aios is its child in the table", async () => {
    const command = [...inner, "run", "--name", "inner", "--", "sh", "-c", "echo $AIOS_PID"];
    const { code, out } = await aios.run(["run", "--name", "outer", "--", ...command]);
    expect(code).toBe(0);
    const [outer, child] = [await processNamed("outer"), await processNamed("inner")];
    expect(child).toMatchObject({ pid: out.trim(), parent: outer.pid });
  });

  test("that a command starts through aios is reached by signals, with --detach too", async () => {
    const run = (...args: string[]): string => [...inner, "run", ...args].map((word) => `'${word}'`).join(" ");
    const script = `${run("-d", "--name", "away", "--", "sleep", "600")}; ${run("--name", "near", "--", "sleep", "600")}`;
    const started = aios.start(["run", "--name", "above", "--", "sh", "-c", script]);
    for (const name of ["away", "near"]) {
      const hostPid = async (): Promise<number | null> => (await processNamed(name).catch(() => null))?.hostPid ?? null;
      await expect.poll(hostPid, { timeout: timeoutMs / 2 }).not.toBeNull();
      const of = (await hostPid()) as number;
      await aios.run(["kill", name]);
      await expect.poll(() => hostStates([of]), { timeout: timeoutMs / 2 }).not.toEqual(["S"]);
      expect((await processNamed(name)).exit).toMatchObject({ reason: "killed, with its process group" });
    }
    expect(await started.ended).toBe(137);
  });

  test("of another tenant is ended by its parent: the kernel signals nothing of the machine for it", async () => {
    const { out } = await aios.run(["key", "new", "--tenant", "acme", "--scopes", "*", "-q"]);
    const { url } = JSON.parse(await readFile(join(aios.home, "kernel.json"), "utf8")) as { url: string };
    const env = { AIOS_KEY: out.trim(), AIOS_URL: url };
    const started = aios.start(["run", "--name", "guest", "--", "sh", "-c", family], env);
    const [, ids = ""] = await said(started, /ids ([\d ]+)\n/);
    expect((await processNamed("guest")).hostPid).toBeNull();
    expect((await aios.run(["kill", "guest"])).code).toBe(0);
    expect(await started.ended).toBe(137);
    await expect
      .poll(() => hostStates(ids.split(" ").map(Number)), { timeout: timeoutMs / 2 })
      .toEqual(["", "", ""].map(() => expect.stringMatching(/^Z?$/) as string));
    expect((await processNamed("guest")).exit).toMatchObject({ reason: "killed" });
  });

  test("started with --detach runs on, prints its pid alone, and is followed by its log", async () => {
    const apart = await aios.run(["run", "-d", "-q", "--name", "apart", "--", "sh", "-c", "echo one; sleep 600"]);
    expect(apart.code).toBe(0);
    const { pid } = await processNamed("apart");
    expect(apart.out).toBe(`${pid}\n`);
    const follower = aios.start(["logs", "-f", pid.slice(0, 4)]);
    await said(follower, /one/);
    await aios.run(["kill", "apart"]);
    expect(await follower.ended).toBe(0);
    expect((await aios.run(["wait", "apart"])).code).toBe(137);
  });
});

describe("the kernel", { timeout: timeoutMs }, () => {
  test("refuses a second one on its home and names the first", async () => {
    const { url } = JSON.parse(await readFile(join(aios.home, "kernel.json"), "utf8")) as { url: string };
    const second = await aios.run(["up", "-d", "--port", "0"]);
    expect(second.code).toBe(6);
    expect(second.err).toContain(url);
  });

  test("runs an agent, streams what it does, and traces its syscalls", async () => {
    const { code, out } = await aios.run(["run", "--name", "adder", "clerk", "Calculate 6 * 7"]);
    expect(code).toBe(0);
    expect(out).toMatch(/calculator .*6 \* 7/);
    expect(out).toContain("42");
    const trace = await aios.run(["trace", "adder"]);
    expect(trace.out).toMatch(/llm\.chat\("Calculate 6 \* 7"\).* sim /);
    expect(trace.out).toMatch(/tool\.call\(calculator .*= "42"/);
    expect((await aios.run(["ps", "-a"])).out).toMatch(/adder .* sim\/sim /);
  });

  test("stops an agent at its limit, and lets it go on when the limit is raised", async () => {
    const task = "Write a note on rivers to a.md, then read a.md, then write a second note to b.md";
    const started = aios.start(["run", "--name", "limited", "--limit", "tokens=1200", "librarian", task]);
    await expect.poll(async () => (await processNamed("limited")).state, { timeout: timeoutMs / 2 }).toBe("suspended");
    expect((await processNamed("limited")).on).toContain("budget");
    expect((await aios.run(["limits", "limited", "tokens=50k"])).code).toBe(0);
    expect(await started.ended).toBe(0);
  });

  test("a process is not found, or meant by several: exit 3 and 6 with what to do", async () => {
    const missing = await aios.run(["kill", "nobody"]);
    expect(missing.code).toBe(3);
    expect(missing.err).toContain("aios ps -a");
  });
});

test(
  "the main job ends by itself without a terminal: eleven finish, one stands at its limit, no 429, nothing spent",
  { timeout: 2 * timeoutMs },
  async () => {
    await using own = await openAios();
    const { code, out } = await own.run(["up", "--demo", "--port", "0", "--json"], {
      env: { OPENAI_API_KEY: "sk-real" },
    });
    expect(code).toBe(0);
    const { data } = JSON.parse(out) as { data: Record<string, unknown> };
    expect(data).toMatchObject({
      agents: 12,
      done: 11,
      held: 1,
      failed: 0,
      wasted429s: 0,
      costUsd: 0,
      isSimulated: true,
    });
    expect((data["files"] as string[]).length).toBeGreaterThan(6);
    const { kept, recalled } = data["notes"] as { kept: number; recalled: number };
    expect(kept).toBe(11);
    expect(recalled).toBeGreaterThan(0);
  },
);
