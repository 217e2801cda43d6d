import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

interface Envelope {
  readonly ok: boolean;
  readonly data: unknown;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly retryable: boolean;
  };
  readonly meta: { readonly v: number };
}

test(
  "a usage error exits with 2, in text on stderr alone, in --json as the one envelope on stdout alone",
  async () => {
    const text = await aios.run(["ps", "--jsn"]);
    expect(text).toMatchObject({ code: 2, out: "" });
    expect(text.err).toBe('aios: "aios ps" has no option --jsn\n  → did you mean "--json"?\n');
    const json = await aios.run(["config", "set", "--json"]);
    expect(json).toMatchObject({ code: 2, err: "" });
    const { ok, data, error, meta } = JSON.parse(json.out) as Envelope;
    expect({ ok, data, meta }).toEqual({ ok: false, data: null, meta: { v: 1 } });
    expect(error).toEqual({
      code: "EINVAL",
      message: '"aios config set" needs KEY',
      hint: '"aios help config set" lists what it takes',
      retryable: false,
    });
  },
  timeoutMs,
);

test(
  "without a kernel a command exits with 7 and says how to start one, in both languages",
  async () => {
    const en = await aios.run(["ps"]);
    expect(en).toEqual({
      code: 7,
      out: "",
      err: `aios: no kernel is running for ${aios.home}\n  → start one: aios up -d\n`,
    });
    const zh = await aios.run(["ps"], { env: { AIOS_LANG: "", LC_ALL: "", LANG: "zh_CN.UTF-8" } });
    expect(zh).toMatchObject({ code: 7, err: `aios: ${aios.home} 没有正在运行的内核\n  → 启动内核：aios up -d\n` });
    const json = await aios.run(["ps", "--json"]);
    expect((JSON.parse(json.out) as Envelope).error).toMatchObject({ code: "EUNREACHABLE", retryable: true });
  },
  timeoutMs,
);

test(
  "a kernel that is named and does not answer is exit 7 too",
  async () => {
    const { code, err } = await aios.run(["ps"], { env: { AIOS_URL: "http://127.0.0.1:9", AIOS_KEY: "aios_sk_x" } });
    expect(code).toBe(7);
    expect(err).toContain("http://127.0.0.1:9 does not answer");
  },
  timeoutMs,
);

test(
  "keys are refused to a program that runs as a process",
  async () => {
    for (const args of [
      ["key", "new"],
      ["key", "ls"],
    ]) {
      const { code, err } = await aios.run(args, { env: { AIOS_PID: "p1" } });
      expect(code).toBe(5);
      expect(err).toContain("AIOS_PID is set");
    }
  },
  timeoutMs,
);

test(
  "what would ask a question fails where nobody can answer",
  async () => {
    const { code, err } = await aios.run(["env", "set"]);
    expect(code).toBe(2);
    expect(err).toContain("the name of the variable is missing");
  },
  timeoutMs,
);

test(
  "no stack trace reaches a user, unless AIOS_DEBUG asks for one",
  async () => {
    const { code, err } = await aios.run(["config", "get", "no.such"]);
    expect(code).toBe(3);
    expect(err).not.toMatch(/^\s+at /m);
    expect((await aios.run(["config", "get", "no.such"], { env: { AIOS_DEBUG: "1" } })).err).toMatch(/^\s+at /m);
  },
  timeoutMs,
);

test(
  "version, help and completion work in a home that cannot exist, and speak the user's language",
  async () => {
    const env = { AIOS_HOME: "/proc/nowhere" };
    expect(await aios.run(["--version"], { env })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    expect((await aios.run(["help", "--lang", "zh"], { env })).out).toContain("面向 AI 智能体的操作系统");
    expect((await aios.run(["completion", "bash"], { env })).out).toContain("complete -o default -F _aios aios");
    expect((await aios.run(["__complete", "config", "ex"], { env })).out).toBe("explain\n");
  },
  timeoutMs,
);

test(
  "a reader that leaves early is no failure",
  async () => {
    const child = spawn(process.execPath, ["--conditions=aios-source", main, "schema", "syscalls"], {
      env: { ...process.env, AIOS_HOME: aios.home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.stdout.once("data", () => child.stdout.destroy());
    const [code] = (await once(child, "close")) as [number | null];
    expect({ code, err }).toEqual({ code: 0, err: "" });
  },
  timeoutMs,
);

test(
  "the schema of the commands, the configuration and the syscalls is JSON",
  async () => {
    const commands = await aios.data<{ commands: { path: string; effect: string }[] }>(["schema"]);
    expect(commands.commands).toContainEqual(expect.objectContaining({ path: "key revoke", effect: "danger" }));
    const config = await aios.data<{ properties: Record<string, unknown> }>(["schema", "config"]);
    expect(Object.keys(config.properties)).toContain("scheduler");
    const syscalls = await aios.data<Record<string, { effect: string }>>(["schema", "syscalls"]);
    expect(syscalls["llm.chat"]).toMatchObject({ effect: "pure" });
  },
  timeoutMs,
);
