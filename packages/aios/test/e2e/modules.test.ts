// Programs in processes of their own: killed alone, with their kernel, or left without one.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient, createHttpTransport } from "@aiosjs/sdk";
import type { Client, ProcessView } from "@aiosjs/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const kernelProgram = fileURLToPath(new URL("../programs/kernel.ts", import.meta.url));
const moduleFile = (name: string): string => fileURLToPath(new URL(`../programs/modules/${name}.ts`, import.meta.url));

let home: string;
let kernel: { child: ChildProcess; client: Client; key: string; url: string };

async function startKernel(): Promise<typeof kernel> {
  const child = spawn(process.execPath, [...process.execArgv, kernelProgram, home], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, OPENAI_API_KEY: "sk-of-the-user" },
  });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const door = JSON.parse(line) as { url: string; key: string };
    return { child, ...door, client: createClient(createHttpTransport(door)) };
  }
  throw new Error("the kernel did not start");
}

async function killKernel(): Promise<void> {
  kernel.child.kill("SIGKILL");
  if (kernel.child.signalCode === null) await once(kernel.child, "exit");
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "aios-modules-"));
  kernel = await startKernel();
});
afterEach(async () => {
  if (kernel.child.signalCode !== null) kernel = await startKernel();
});
afterAll(async () => {
  await killKernel();
  rmSync(home, { recursive: true });
});

const spawnModule = async (name: string, task: string): Promise<string> =>
  (await kernel.client.proc.spawn({ program: { kind: "module", file: moduleFile(name), task } })).pid;

/** When its last call is the sleep that only a key ends. */
async function asleep(pid: string): Promise<ProcessView> {
  for (;;) {
    const { calls } = await kernel.client.proc.trace({ pid });
    const last = calls.at(-1);
    if (last?.name === "proc.sleep" && last.state !== "done" && last.detail.includes("key"))
      return kernel.client.proc.show({ pid });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Woken as often as it takes: who does not sleep yet misses a word. */
async function wokenEnd(pid: string, key: string) {
  const end = Promise.resolve(kernel.client.proc.wait({ pid }));
  for (let isOver = false; !isOver;) {
    await kernel.client.proc.wake({ key, value: "go" });
    isOver = await Promise.race([
      end.then(
        () => true,
        () => true,
      ),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 50)),
    ]);
  }
  return end;
}

const isAlive = (hostPid: number): boolean => {
  try {
    return process.kill(hostPid, 0);
  } catch {
    return false;
  }
};

describe("a module", { timeout: 60_000 }, () => {
  test.each(["the program", "the kernel", "both"])(
    "says the same after kill -9 of %s, and has run once",
    async (who) => {
      const task = `heats ${who}`;
      const pid = await spawnModule("heats", task);
      const { hostPid } = await asleep(pid);
      if (who !== "the kernel") process.kill(hostPid as number, "SIGKILL");
      if (who !== "the program") {
        await killKernel();
        kernel = await startKernel();
      }
      const exit = await wokenEnd(pid, task);
      expect(exit, exit.reason).toMatchObject({ code: 0, result: { word: "go", secrets: [] } });
      const { winners, value } = exit.result as { winners: string[]; value: number };
      const log = readFileSync(join(home, "logs", `${pid}.log`), "utf8");
      expect(log).toContain(`before ${task}: ${winners.join("")} ${value}`);
      // A module learns of its kernel's death from its channel, and needs the processor to end.
      await expect.poll(() => isAlive(hostPid as number), { timeout: 10_000 }).toBe(false);
      const { calls } = await kernel.client.proc.trace({ pid });
      // Nine sleeps and draws a flow and heat, one draw, one sleep: each once.
      expect(calls).toHaveLength(3 * 3 * 4 + 2);
      expect(calls.every(({ state }) => state === "done")).toBe(true);
    },
  );

  test("that takes its way from elsewhere than its answers is told so, and does not hang", async () => {
    const pid = await spawnModule("clock-reader", "never");
    const { hostPid } = await asleep(pid);
    process.kill(hostPid as number, "SIGKILL");
    const exit = await kernel.client.proc.wait({ pid });
    expect(exit).toMatchObject({ code: 1, reason: expect.stringMatching(/^EDIVERGED: .*late#0/) as string });
  });

  test("has returned what it returned, however long that is", async () => {
    const pid = await spawnModule("long-answer", "3000000");
    const exit = await kernel.client.proc.wait({ pid });
    expect({ ...exit, result: String(exit.result).length }, exit.reason).toMatchObject({ code: 0, result: 3_000_000 });
  });

  test("is code: only the home's own key starts one", async () => {
    const { pid, key } = await kernel.client.proc.spawn({ program: { kind: "command", command: ["true"], cwd: "/" } });
    const child = createClient(createHttpTransport({ url: kernel.url, key: key as string }));
    const asked = child.proc.spawn({ program: { kind: "module", file: moduleFile("heats"), task: "" } });
    await expect(asked).rejects.toMatchObject({ code: "EACCES" });
    await kernel.client.proc.exit({ pid, code: 0, signal: null });
  });

  test("sees its package and nothing of the machine, writes in a home of its own, and reaches nobody", async () => {
    const file = join(home, "credentials");
    const pid = await spawnModule("prowler", JSON.stringify({ file, port: Number(new URL(kernel.url).port) }));
    const { result, reason } = await kernel.client.proc.wait({ pid });
    expect(result, reason).toEqual({
      read: "ENOENT",
      list: "ENOENT",
      write: "EROFS",
      processes: true,
      uid: "1000",
      home: "kept",
      reach: "ECONNREFUSED",
    });
    expect(await kernel.client.proc.show({ pid })).toMatchObject({ labels: "enforced" });
    expect(readdirSync(join(home, "sandboxes", "modules")).filter((name) => !name.startsWith("."))).toEqual([]);
  });

  test("without a program says what is missing", async () => {
    const { pid } = await kernel.client.proc.spawn({
      program: { kind: "module", file: fileURLToPath(import.meta.resolve("./aios.ts")), task: "" },
    });
    const exit = await kernel.client.proc.wait({ pid });
    expect(exit).toMatchObject({ code: 1, reason: expect.stringContaining("has no program") as string });
  });
});
