// Commands that outlive kernels and are started again after their own death, with real processes and kill -9.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive } from "../../src/cli/is-alive.ts";
import { openUpstream } from "../upstream.ts";
import type { Upstream } from "../upstream.ts";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 120_000;

let aios: Aios;
let upstream: Upstream;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aios-restarts-"));
  aios = await openAios();
  // Another answer each time.
  upstream = await openUpstream((_, n) => ({ is: "answer", pieces: [`sample ${n}`] }));
  const core = { name: "up", kind: "compatible", baseUrl: upstream.baseUrl, models: ["m"] };
  writeFileSync(join(aios.home, "config.yaml"), JSON.stringify({ llms: { cores: [core] } }));
  await up();
}, timeoutMs);
afterEach(async () => {
  await aios[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, timeoutMs);

async function up(): Promise<void> {
  const { code, err } = await aios.run(["up", "-d", "--port", "0"]);
  expect(code, err).toBe(0);
}

const kernelPid = (): number =>
  (JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as { pid: number }).pid;

const until = (what: () => unknown, wanted: unknown) =>
  expect.poll(what, { timeout: timeoutMs / 2, interval: 100 }).toEqual(wanted);

async function killed(hostPid: number): Promise<void> {
  process.kill(hostPid, "SIGKILL");
  await until(() => isAlive(hostPid), false);
}

const processNamed = async (name: string): Promise<ProcessView | undefined> => {
  const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
  return processes.find((process) => process.name === name);
};

const linesOf = (file: string): string[] => {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
};

/**
 * Notes its process id, and whether another copy of it lives; asks five times at once, notes the answers, and stays.
 * Arguments: the folder for its notes, its name.
 */
const asker = `
const { appendFileSync, readFileSync } = await import("node:fs");
const [folder, name] = process.argv.slice(-2);
const note = (file, text) => appendFileSync(folder + "/" + file, text + "\\n");
note(name + ".pids", String(process.pid));
const lives = (pid) => { try { return process.kill(pid, 0); } catch { return false; } };
const pids = readFileSync(folder + "/" + name + ".pids", "utf8").split("\\n").slice(0, -1).map(Number);
if (pids.some((pid) => pid !== process.pid && lives(pid))) note("twice", name);
const ask = async () => {
  const response = await fetch(process.env.OPENAI_BASE_URL + "/chat/completions", {
    method: "POST",
    headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY, "content-type": "application/json" },
    body: JSON.stringify({ model: "m", temperature: 1, messages: [{ role: "user", content: "A number, " + name }] }),
  });
  const body = await response.json();
  if (!response.ok) note("failed", JSON.stringify(body));
  return [body.choices?.[0].message.content, response.headers.get("x-aios-replayed")];
};
const answers = await Promise.all(Array.from({ length: 5 }, ask));
note(name + ".answers", answers.map(([text]) => text).sort().join());
note(name + ".replayed", answers.map(([, isReplayed]) => isReplayed).join());
setInterval(() => undefined, 1_000);
`;

const answersOf = (name: string): string[] => linesOf(`${name}.answers`);
const pidsOf = (name: string): number[] => linesOf(`${name}.pids`).map(Number);

function runAsker(name: string, flags: readonly string[]): readonly string[] {
  const file = join(folder, "asker.mjs");
  writeFileSync(file, asker);
  return ["run", "--name", name, "--restart", "on-failure", ...flags, "--", process.execPath, file, folder, name];
}

describe.skipIf(process.platform === "win32")("a command with --restart", { timeout: timeoutMs }, () => {
  test("gets its five samples again after its death, with or without a kernel, and there is never a second copy", async () => {
    const foreground = aios.start(runAsker("one", []));
    expect((await aios.run(runAsker("two", ["-d"]))).code).toBe(0);
    const answered = async (times: number): Promise<void> => {
      for (const name of ["one", "two"]) await until(() => answersOf(name).length, times);
    };
    await answered(1);
    const first = { one: answersOf("one")[0], two: answersOf("two")[0] };
    expect(new Set([...(first.one ?? "").split(","), ...(first.two ?? "").split(",")]).size).toBe(10);
    expect(upstream.requests).toHaveLength(10);

    for (const name of ["one", "two"]) await killed(pidsOf(name).at(-1) as number);
    await answered(2);
    // The command dies while no kernel runs: its parent waits for the next one.
    await killed(kernelPid());
    for (const name of ["one", "two"]) await killed(pidsOf(name).at(-1) as number);
    await up();
    await answered(3);
    // The kernel dies alone: they live on.
    await killed(kernelPid());
    await up();
    for (const name of ["one", "two"] as const) {
      expect(answersOf(name)).toEqual([first[name], first[name], first[name]]);
      expect(linesOf(`${name}.replayed`)).toEqual([",,,,", "true,true,true,true,true", "true,true,true,true,true"]);
      expect(pidsOf(name)).toHaveLength(3);
      const view = await processNamed(name);
      expect(view).toMatchObject({ exit: null, hostPid: pidsOf(name).at(-1) });
      expect((await aios.run(["kill", name])).code).toBe(0);
      await until(() => isAlive(pidsOf(name).at(-1) as number), false);
      expect(await processNamed(name)).toMatchObject({ exit: { signal: "SIGKILL" } });
    }
    expect(await foreground.ended).toBe(137);
    expect(upstream.requests).toHaveLength(10);
    for (const name of ["one", "two"]) expect(pidsOf(name)).toHaveLength(3);
    expect(linesOf("twice")).toEqual([]);
    expect(linesOf("failed")).toEqual([]);
  });

  test("that dies at once again and again is given up, with its own code and a word in its log", async () => {
    const { code, err } = await aios.run([
      "run",
      "--name",
      "doomed",
      "--restart",
      "always",
      "--",
      "sh",
      "-c",
      "exit 3",
    ]);
    expect(code).toBe(3);
    expect(err).toContain("it is started again (5)");
    expect(err).toContain("5 times at once without a new call");
    expect((await aios.run(["logs", "doomed"])).out).toContain("it is not started again");
    expect(await processNamed("doomed")).toMatchObject({ exit: { code: 3 } });
  });

  test("ends for good when it succeeds, and when a person ends it: by Ctrl-C, or while it waits for its next start", async () => {
    const done = await aios.run(["run", "--restart", "on-failure", "--", "sh", "-c", "echo done"]);
    expect(done).toMatchObject({ code: 0, out: "done\n" });
    const stopped = aios.start(["run", "--restart", "always", "--", "sh", "-c", "echo up; sleep 600"]);
    await said(stopped, /up/);
    stopped.child.kill("SIGINT");
    expect(await stopped.ended).toBe(130);
    const script = `echo start >> ${join(folder, "starts")}; sleep 1; exit 4`;
    const waiting = aios.start(["run", "--name", "waiting", "--restart", "always", "--", "sh", "-c", script]);
    await until(() => linesOf("starts").length > 2, true);
    expect((await aios.run(["kill", "waiting"])).code).toBe(0);
    expect([4, 137]).toContain(await waiting.ended);
    const starts = linesOf("starts").length;
    expect((await processNamed("waiting"))?.exit).toMatchObject({ signal: "SIGKILL" });
    expect(linesOf("starts")).toHaveLength(starts);
  });
});

describe.skipIf(process.platform === "win32")("a command whose kernel is killed", { timeout: timeoutMs }, () => {
  test("while it is being bound lives on, and its end, its code and its last words reach the next kernel", async () => {
    for (const round of [0, 1, 2]) {
      const name = `early${round}`;
      // It kills the kernel itself, at different moments of its start.
      const wait = round === 0 ? "" : `sleep 0.${round};`;
      const script = `${wait} kill -9 ${kernelPid()}; echo up; read line; echo "last words"; exit 7`;
      const started = aios.start(["run", "--name", name, "--", "sh", "-c", script]);
      await said(started, /up\n/);
      await up();
      await until(async () => ((await processNamed(name))?.hostPid ?? 0) > 0, true);
      expect(await processNamed(name)).toMatchObject({ exit: null });
      await killed(kernelPid());
      started.child.stdin?.end("go\n");
      await said(started, /last words/);
      await up();
      expect(await started.ended).toBe(7);
      expect(await processNamed(name)).toMatchObject({ exit: { code: 7, signal: null } });
      expect((await aios.run(["logs", name])).out).toBe("up\nlast words\n");
    }
  });

  test("and whose parent is killed too ends in the next kernel's table, with its key", async () => {
    const note = join(folder, "orphan");
    const script = `echo "$$ $AIOS_KEY" > ${note}; echo up; exec sleep 600`;
    const started = aios.start(["run", "--name", "orphan", "--", "sh", "-c", script]);
    await said(started, /up\n/);
    await until(async () => ((await processNamed("orphan"))?.hostPid ?? 0) > 0, true);
    const [hostPid = "", key = ""] = readFileSync(note, "utf8").trim().split(" ");
    await killed(started.child.pid as number);
    await killed(kernelPid());
    await up();
    // The command lives on without its parent: it is adopted all the same.
    expect(await processNamed("orphan")).toMatchObject({ exit: null });
    await killed(kernelPid());
    await killed(Number(hostPid));
    await up();
    expect(await processNamed("orphan")).toMatchObject({ exit: { reason: "it ended while no kernel ran" } });
    const { url } = JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as { url: string };
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(401);
  });
});
