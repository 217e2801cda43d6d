import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { createHost } from "./host.ts";
import { hostProcess, hostProcesses } from "./host-processes.ts";

const host = createHost();
const started: { hostPid: number; hostStartedAt: string }[] = [];
afterEach(() => {
  for (const group of started.splice(0)) host.signal(group, "kill");
});

/** A command as `aios run` starts it; resolves when it has printed `lines` lines, with them. */
async function start(script: string, lines: number) {
  const child = spawn(process.execPath, ["-e", script], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const hostPid = child.pid!;
  const group = { hostPid, hostStartedAt: hostProcess(hostPid)!.startedAt };
  started.push(group);
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line);
    if (printed.length === lines) break;
  }
  return { child, printed, group };
}

const idle = "setInterval(() => {}, 1000);";
const stateOf = (hostPid: number) => hostProcesses().find((one) => one.hostPid === hostPid);
/** Waits for what a signal does; the system does it when it comes to it. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
};

test.skipIf(process.platform === "win32")("an interrupt reaches the program, which may go on", async () => {
  const { child, group } = await start(
    `process.on("SIGINT", () => console.log("heard")); console.log("up"); ${idle}`,
    1,
  );
  const heard = once(child.stdout!, "data");
  child.stdout!.resume();
  expect(host.signal(group, "interrupt")).toBe(true);
  expect(String((await heard)[0])).toBe("heard\n");
  expect(host.isAlive(group)).toBe(true);
});

test.skipIf(process.platform === "win32")("kill ends children in groups of their own, and theirs", async () => {
  const grandchild = `console.log(process.pid); ${idle}`;
  const child = `
    const { spawn } = require("node:child_process");
    console.log(process.pid);
    spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { stdio: ["ignore", "inherit", "inherit"], detached: true });
    ${idle}`;
  const {
    child: leader,
    printed,
    group,
  } = await start(
    `const { spawn } = require("node:child_process");
     spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["ignore", "inherit", "inherit"], detached: true });
     ${idle}`,
    2,
  );
  const others = printed.map(Number);
  expect(others.map((hostPid) => hostProcess(hostPid)?.group)).toEqual(others);
  const gone = once(leader, "exit");
  expect(host.signal(group, "kill")).toBe(true);
  expect(await gone).toEqual([null, "SIGKILL"]);
  await until(() => others.every((hostPid) => stateOf(hostPid)?.isZombie ?? true));
  expect(host.isAlive(group)).toBe(false);
  expect(host.signal(group, "kill")).toBe(false);
});

test.skipIf(process.platform === "win32")(
  "a fork bomb that never stops starting children is killed whole",
  async () => {
    const { child: leader, group } = await start(
      `const { spawn } = require("node:child_process");
     let running = 0;
     const more = () => { if (running < 8) { running++; spawn("sleep", ["0.05"], { detached: true }).on("exit", () => { running--; more(); }); setImmediate(more); } };
     console.log("up"); more();`,
      1,
    );
    const gone = once(leader, "exit");
    host.signal(group, "kill");
    await gone;
    await until(() => !host.isAlive(group));
  },
);

test.runIf(process.platform === "linux")("suspend stops the whole tree and resume lets it go on", async () => {
  const { printed, group } = await start(
    `const { spawn } = require("node:child_process");
     spawn(process.execPath, ["-e", ${JSON.stringify(`console.log(process.pid); ${idle}`)}], { stdio: ["ignore", "inherit", "inherit"], detached: true });
     ${idle}`,
    1,
  );
  const both = [group.hostPid, Number(printed[0])];
  const { readFileSync } = await import("node:fs");
  const isStopped = (hostPid: number) => / T /.test(readFileSync(`/proc/${hostPid}/stat`, "utf8").replace(/^.*\)/, ""));
  expect(host.signal(group, "suspend")).toBe(true);
  await until(() => both.every(isStopped));
  expect(host.signal(group, "resume")).toBe(true);
  await until(() => !both.some(isStopped));
  expect(host.isAlive(group)).toBe(true);
});

test("a process id that somebody else has by now is not signalled, nor is this process", async () => {
  const mine = { hostPid: process.pid, hostStartedAt: hostProcess(process.pid)?.startedAt ?? "" };
  expect(host.signal(mine, "kill")).toBe(false);
  if (process.platform === "win32") return;
  const { group } = await start(`console.log("up"); ${idle}`, 1);
  const stranger = { ...group, hostStartedAt: "1" };
  expect(host.isAlive(stranger)).toBe(false);
  expect(host.signal(stranger, "kill")).toBe(false);
  expect(host.isAlive(group)).toBe(true);
  expect(host.signal({ hostPid: 1, hostStartedAt: hostProcess(1)?.startedAt ?? "" }, "kill")).toBe(false);
});

test.skipIf(process.platform === "win32")("what a process has started is within it, and nothing else is", async () => {
  const child = `console.log(process.pid); ${idle}`;
  const { printed, group } = await start(
    `const { spawn } = require("node:child_process");
     spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["ignore", "inherit", "inherit"], detached: true });
     ${idle}`,
    1,
  );
  const of = (hostPid: number) => ({ hostPid, hostStartedAt: hostProcess(hostPid)?.startedAt ?? "" });
  const [below, beside] = [of(Number(printed[0])), (await start(`console.log("up"); ${idle}`, 1)).group];
  expect(host.isWithin(below, group)).toBe(true);
  expect(host.isWithin(group, group)).toBe(true);
  expect(host.isWithin(group, below)).toBe(false);
  expect(host.isWithin(beside, group)).toBe(false);
  expect(host.isWithin({ ...below, hostStartedAt: "1" }, group)).toBe(false);
  expect(host.isWithin(below, { ...group, hostStartedAt: "1" })).toBe(false);
  // What this process has started is its own, whoever is above it.
  expect(host.isWithin(below, of(process.ppid))).toBe(false);
  expect(host.isWithin(of(process.pid), of(process.ppid))).toBe(false);
  // Init adopts what is left, and has started none of it.
  process.kill(group.hostPid, "SIGKILL");
  await until(() => hostProcess(below.hostPid)?.parent !== group.hostPid);
  expect(host.isWithin(below, group)).toBe(false);
  process.kill(below.hostPid, "SIGKILL");
});
