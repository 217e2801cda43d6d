// Somebody is killed: the kernel, a command's parent. And the kernel is told to stop while there is work.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive } from "../../src/cli/is-alive.ts";
import { openUpstream } from "../upstream.ts";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;
const up = ["up", "-d", "--port", "0", "--core", "sim"];

let aios: Aios;
beforeEach(async () => {
  aios = await openAios();
});
afterEach(() => aios[Symbol.asyncDispose](), timeoutMs);

const kernelFile = () =>
  JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as { pid: number; url: string };

const processNamed = async (name: string): Promise<ProcessView> => {
  const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
  const found = processes.find((process) => process.name === name);
  if (!found) throw new Error(`no process ${name}`);
  return found;
};

const messages = [{ role: "user" as const, content: "hi" }];

const keyOf = ({ home }: Aios): string =>
  /aios_sk_\w+/.exec(readFileSync(join(home, "credentials"), "utf8"))?.[0] ?? "";

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "it answered",
    (cause: unknown) => cause,
  );

const gone = (pid: number) => expect.poll(() => isAlive(pid), { timeout: timeoutMs / 2 }).toBe(false);

describe.skipIf(process.platform === "win32")("kill -9", { timeout: timeoutMs }, () => {
  test("of the kernel: the command lives on, the next kernel adopts it, shows it and kills it", async () => {
    expect((await aios.run(up)).code).toBe(0);
    const started = aios.start(["run", "--name", "sleeper", "--", "sh", "-c", "echo up; exec sleep 60"]);
    await said(started, /up\n/);
    await expect.poll(async () => (await processNamed("sleeper")).hostPid, { timeout: timeoutMs / 2 }).not.toBeNull();
    const { pid, hostPid } = await processNamed("sleeper");
    const first = kernelFile().pid;
    process.kill(first, "SIGKILL");
    await gone(first);
    expect((await aios.run(["ps"])).code).toBe(7);
    expect(isAlive(hostPid ?? 0)).toBe(true);

    expect((await aios.run(up)).code).toBe(0);
    expect((await aios.run(["ps"])).out).toMatch(new RegExp(`${pid} +sleeper +command`));
    expect((await aios.run(["kill", "sleeper"])).code).toBe(0);
    expect(await started.ended).toBe(137);
    await gone(hostPid ?? 0);
    expect((await aios.run(["ps"])).out).not.toContain("sleeper");
  });

  test("of a command's parent: the command is still a process, and kill ends it", async () => {
    expect((await aios.run(up)).code).toBe(0);
    const started = aios.start(["run", "--name", "orphan", "--", "sh", "-c", "echo up; exec sleep 60"]);
    await said(started, /up\n/);
    await expect.poll(async () => (await processNamed("orphan")).hostPid, { timeout: timeoutMs / 2 }).not.toBeNull();
    const { hostPid } = await processNamed("orphan");
    started.child.kill("SIGKILL");
    await started.ended;
    expect(await processNamed("orphan")).toMatchObject({ state: "blocked", exit: null });
    expect((await aios.run(["kill", "orphan"])).code).toBe(0);
    await gone(hostPid ?? 0);
    expect(await processNamed("orphan")).toMatchObject({ state: "zombie", exit: { signal: "SIGKILL" } });
  });
});

describe("a kernel that is told to stop", { timeout: timeoutMs }, () => {
  test("with calls under way: each client is told in its own words, nothing hangs, and no slot or intent is left", async () => {
    await using upstream = await openUpstream(() => ({ is: "silence" }));
    const core = {
      name: "up",
      kind: "compatible",
      baseUrl: upstream.baseUrl,
      models: ["m"],
      limits: { concurrency: 2 },
    };
    writeFileSync(
      join(aios.home, "config.yaml"),
      JSON.stringify({ llms: { cores: [core] }, scheduler: { graceMs: 200 } }),
    );
    expect((await aios.run(["up", "-d", "--port", "0"])).code).toBe(0);
    const { url } = kernelFile();
    const key = keyOf(aios);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
    // Two run and two wait.
    const calls = [false, true, false, true].map((stream) =>
      failureOf(client.chat.completions.create({ model: "up/m", messages, stream })),
    );
    await upstream.received(2);
    const native = fetch(`${url}/v1/syscalls/llm.chat`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: "up/m", messages }),
    });
    const down = await aios.run(["down"]);
    expect(down).toMatchObject({ code: 0, err: "the kernel has stopped\n" });
    for (const told of await Promise.all(calls)) {
      expect(told).toBeInstanceOf(OpenAI.APIError);
      expect(String(told)).toMatch(/shutting down|Connection error/);
    }
    expect(await (await native).json()).toMatchObject({ code: "EAGAIN", detail: "the server is shutting down" });
    await upstream.idle();
    expect(upstream.open).toBe(0);

    expect((await aios.run(["up", "-d", "--port", "0"])).code).toBe(0);
    const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
    expect(processes.map(({ queued, running }) => queued + running)).toEqual(processes.map(() => 0));
  });

  test.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s: it says so, ends with 0, and gives its home back",
    async (signal) => {
      const started = aios.start(["up", "--port", "0", "--core", "sim"]);
      let err = "";
      started.child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
      await said(started, /ready at/);
      await expect.poll(() => err).toContain("Ctrl-C stops it");
      started.child.kill(signal);
      expect(await started.ended).toBe(0);
      expect(err).toContain("stopping");
      expect(readdirSync(aios.home)).not.toContain("kernel.json");
      expect(err).not.toMatch(/\bat .+:\d+:\d+/);
    },
  );

  test.skipIf(process.platform === "win32")("by a second Ctrl-C: at once, although a call is under way", async () => {
    await using upstream = await openUpstream(() => ({ is: "silence" }));
    const core = { name: "up", kind: "compatible", baseUrl: upstream.baseUrl, models: ["m"] };
    writeFileSync(
      join(aios.home, "config.yaml"),
      JSON.stringify({ llms: { cores: [core] }, scheduler: { graceMs: 600_000 } }),
    );
    const started = aios.start(["up", "--port", "0"]);
    started.child.stderr?.resume();
    await said(started, /ready at/);
    const { url } = kernelFile();
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: keyOf(aios), maxRetries: 0 });
    const call = failureOf(client.chat.completions.create({ model: "up/m", messages }));
    await upstream.received(1);
    started.child.kill("SIGINT");
    await expect
      .poll(() =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(false);
    started.child.kill("SIGINT");
    expect(await started.ended).toBe(130);
    await upstream.idle();
    expect(await call).toBeInstanceOf(OpenAI.APIConnectionError);
    // Nothing of it stands in the way of the next one.
    expect((await aios.run(up)).code).toBe(0);
  });
});
