import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../../src/cli/is-alive.ts";
import { openAios } from "./aios.ts";
import type { Aios, Started } from "./aios.ts";

/** Generous: each test starts many Node processes, and the machine may be busy. */
const timeoutMs = 300_000;

let aios: Aios;
const up = async (): Promise<void> => {
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
};
const kernel = async (): Promise<{ pid: number; url: string }> =>
  JSON.parse(await readFile(join(aios.home, "kernel.json"), "utf8")) as { pid: number; url: string };
const told = "process.stdout.write(JSON.stringify(process.env)); process.stdin.resume()";
const started: Started[] = [];
/** What a program under `aios run` types, while that lives. */
const program = async () => {
  const one = aios.start(["run", "--", process.execPath, "-e", told]);
  started.push(one);
  const [text] = (await once(one.child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const { AIOS_URL = "", AIOS_KEY = "", AIOS_PID } = JSON.parse(text.toString()) as Record<string, string>;
  return {
    member: `process:${AIOS_PID}`,
    run: (...line: string[]) => aios.run(line, { env: { AIOS_URL, AIOS_KEY } }),
  };
};
beforeAll(async () => {
  aios = await openAios();
  await up();
}, timeoutMs);
afterAll(async () => {
  for (const { child, ended } of started) {
    child.stdin?.end();
    await ended;
  }
  await aios[Symbol.asyncDispose]();
}, timeoutMs);

describe("groups on the command line", { timeout: timeoutMs }, () => {
  test("members reach the group's notes and what is shared with them, others hear of nothing, until they are dropped", async () => {
    const [one, other] = [await program(), await program()];
    expect((await aios.run(["group"])).err).toContain("no groups");
    expect(await aios.run(["group", "new", "desk"])).toMatchObject({ code: 0 });
    expect(await aios.run(["group", "add", "desk", one.member, "agent:clerk"])).toMatchObject({ code: 0 });
    expect(await aios.run(["mem", "add", "invoices go out on Fridays", "--namespace", "group:desk"])).toMatchObject({
      code: 0,
    });
    expect((await one.run("mem", "search", "invoices")).out).toContain("on Fridays");
    expect((await other.run("mem", "search", "invoices")).out).toBe("");
    expect(await other.run("mem", "search", "invoices", "--namespace", "group:desk")).toMatchObject({ code: 3 });
    expect((await other.run("group", "ls")).out).toBe("");
    expect(await other.run("group", "add", "desk", other.member)).toMatchObject({ code: 5 });
    const joined = ["group", "add", "desk", other.member, "--read-only", "--expires", "12h"];
    expect(await aios.run(joined)).toMatchObject({ code: 0 });
    expect(await other.run("mem", "add", "x", "--namespace", "group:desk")).toMatchObject({ code: 5 });
    expect(await one.run("mem", "add", "a plan of my own")).toMatchObject({ code: 0 });
    expect(await one.run("group", "share", "desk")).toMatchObject({ code: 0 });
    expect((await other.run("mem", "search", "plan")).out).toContain("a plan of my own");
    const lines = (await aios.run(["group", "ls"])).out.split("\n");
    expect(lines.find((line) => line.includes(one.member))).toMatch(/^desk +process:\w+ +reads, writes +shared/);
    expect(lines.find((line) => line.includes(other.member))).toMatch(/^desk +process:\w+ +reads +\d{4}-/);
    expect((await aios.run(["group", "ls", "--lang", "zh"])).out).toContain("可读写");
    expect(await one.run("group", "share", "desk", "--stop")).toMatchObject({ code: 0 });
    expect((await other.run("mem", "search", "plan")).out).toBe("");
    expect(await aios.run(["group", "drop", "desk", other.member])).toMatchObject({ code: 0 });
    expect((await other.run("mem", "search", "invoices")).out).toBe("");
    expect(await aios.run(["group", "drop", "desk", other.member])).toMatchObject({ code: 3 });
    expect(await aios.run(["group", "add", "nowhere", "agent:clerk"])).toMatchObject({ code: 3 });
    expect(await aios.run(["group", "add", "desk", "clerk"])).toMatchObject({ code: 2 });
    expect(await aios.run(["group", "add", "desk", "agent:clerk", "--expires", "soon"])).toMatchObject({ code: 2 });
  });

  test("a group, its members and its notes are there when the kernel was killed, and its notes when it is deleted", async () => {
    const before = await aios.data(["group", "ls"]);
    expect(before).toMatchObject([{ group: "desk", members: [{}, { member: "agent:clerk", access: "write" }] }]);
    const { pid } = await kernel();
    process.kill(pid, "SIGKILL");
    while (isAlive(pid)) await sleep(20);
    await up();
    expect(await aios.data(["group", "ls"])).toEqual(before);
    expect((await aios.run(["mem", "export", "--namespace", "group:desk"])).out).toContain("on Fridays");
    expect(await aios.run(["group", "rm", "desk"])).toMatchObject({ code: 0 });
    expect(await aios.run(["group", "rm", "desk"])).toMatchObject({ code: 3 });
    expect((await aios.run(["mem", "export", "--namespace", "group:desk"])).out).toContain("on Fridays");
  });
});
