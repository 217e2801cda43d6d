// `aios run --sandbox`: commands that run whole in a sandbox.
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasBubblewrap } from "../bubblewrap.ts";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

let project: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "aios-project-")));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const sandboxed = (command: readonly string[], options: readonly string[] = []) => [
  "run",
  "--sandbox",
  ...options,
  "--",
  ...command,
];
const shell = (script: string, options?: readonly string[]) => sandboxed(["sh", "-c", script], options);

const processNamed = async (name: string): Promise<ProcessView> => {
  const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
  return processes.find((process) => process.name === name)!;
};

/** Folders of parents that are gone, or are still there. */
const jails = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("aios-jail-"));

describe.runIf(hasBubblewrap)("a command in a sandbox", { timeout: timeoutMs }, () => {
  test("works in its folder under its own path, has a home that goes with it, and the kernel as a way out", async () => {
    const script = `pwd; echo made > made.txt; echo x > ~/x; ls ~; id -u;
      python3 -c 'import os,urllib.request as u
r=u.Request(os.environ["AIOS_URL"]+"/v1/models",headers={"authorization":"Bearer "+os.environ["AIOS_KEY"]})
print(u.urlopen(r).status)'; exit 7`;
    const ran = await aios.run(shell(script, ["--name", "worker"]), { cwd: project });
    expect(ran).toMatchObject({ code: 7, out: `${project}\nx\n1000\n200\n` });
    expect(readFileSync(join(project, "made.txt"), "utf8")).toBe("made\n");
    expect(readdirSync(project)).toEqual(["made.txt"]);
    expect(await processNamed("worker")).toMatchObject({
      labels: "enforced",
      seen: { trust: "workspace", confidentiality: "private" },
      exit: { code: 7 },
    });
    expect((await aios.run(["logs", "worker"])).out).toContain("1000\n");
  });

  test("sees nothing of the user's: no file, no variable, no process, no network", async () => {
    const server = createServer((_request, response) => response.end("this is the machine"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const outside = mkdtempSync(join(tmpdir(), "aios-outside-"));
    writeFileSync(join(outside, "secret"), "known to few");
    const script = `cat ${outside}/secret; ls ${aios.home}; env; ls /proc | grep -c '^[0-9]'
      python3 -c 'import socket
try: print(socket.create_connection(("127.0.0.1", ${port}), 2))
except OSError as fault: print(fault.strerror)'
      curl -s http://example.com/ || true; kill -9 ${process.pid}; echo end`;
    try {
      const ran = await aios.run(shell(script), {
        cwd: project,
        env: { MY_TOKEN: "of-the-user", PLAIN: "of-the-user" },
      });
      expect(ran.out).not.toMatch(/known to few|of-the-user|credentials|this is the machine/);
      expect(ran.out).toContain("Connection refused");
      expect(ran.out.trimEnd().endsWith("end")).toBe(true);
    } finally {
      server.close();
      rmSync(outside, { recursive: true });
    }
  });

  test("is told by the proxy why it reaches no host, and what would let it", async () => {
    const fetched = await aios.run(
      sandboxed([
        "python3",
        "-c",
        "import urllib.request as u\ntry: u.urlopen('http://example.com')\nexcept Exception as e: print(e.read().decode())",
      ]),
      { cwd: project },
    );
    expect(fetched.out).toMatch(/example\.com:80/);
    expect(fetched.out).toMatch(/egress/);
  });

  test("leaves no hook, no configuration of git and no .env behind", async () => {
    mkdirSync(join(project, ".git/hooks"), { recursive: true });
    writeFileSync(join(project, ".git/config"), "[core]\n");
    const script = `echo x > .git/hooks/pre-commit; echo x >> .git/config; mv .git .got; mkdir .git; echo KEY=1 > .env; echo y > .git/index; echo end`;
    expect((await aios.run(shell(script), { cwd: project })).out).toBe("end\n");
    expect(readdirSync(project)).toEqual([".git"]);
    expect(readdirSync(join(project, ".git")).toSorted()).toEqual(["config", "hooks", "index"]);
    expect(readFileSync(join(project, ".git/config"), "utf8")).toBe("[core]\n");
    expect(readdirSync(join(project, ".git/hooks"))).toEqual([]);
  });

  test("of a folder of its own is found there, and what --view names is read and not written", async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "aios-outside-")));
    mkdirSync(join(outside, "bin"));
    mkdirSync(join(outside, "lib"));
    writeFileSync(join(outside, "lib/words"), "from its installation\n");
    writeFileSync(
      join(outside, "bin/tool"),
      `#!/bin/sh\ncat "$(dirname "$0")/../lib/words"; cat "$1"; echo x > "$1" || echo kept\n`,
      { mode: 0o755 },
    );
    const data = realpathSync(mkdtempSync(join(tmpdir(), "aios-data-")));
    writeFileSync(join(data, "numbers"), "1 2 3\n");
    try {
      const env = { PATH: `${join(outside, "bin")}:${process.env["PATH"] ?? ""}` };
      const ran = await aios.run(sandboxed(["tool", join(data, "numbers")], ["--view", data]), { cwd: project, env });
      expect(ran.out).toBe("from its installation\n1 2 3\nkept\n");
    } finally {
      for (const folder of [outside, data]) rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [["no-such-command"], 127, 'no command "no-such-command" on the PATH'],
    [["sh"], 2, "too much to let a program write to"],
  ])("that cannot be is refused before anything is entered: %j", async (command, code, words) => {
    const cwd = command[0] === "sh" ? "/" : project;
    const ran = await aios.run(sandboxed(command), { cwd });
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(words);
  });

  test("takes its time after SIGTERM, hears Ctrl-C, and dies with all it has started when it is killed", async () => {
    const script = `trap 'echo bye; exit 3' TERM; trap 'echo heard' INT; (setsid sh -c 'while :; do echo x >> ticks; sleep 0.05; done' &) ; echo up; while :; do sleep 0.05; done`;
    const first = aios.start(shell(script, ["--name", "first"]), {}, project);
    await said(first, /up\n/);
    first.child.kill("SIGINT");
    await said(first, /heard\n/);
    first.child.kill("SIGTERM");
    await said(first, /bye\n/);
    expect(await first.ended).toBe(3);
    const second = aios.start(shell(script, ["--name", "second"]), {}, project);
    await said(second, /up\n/);
    await aios.run(["kill", "second"]);
    expect(await second.ended).toBe(137);
    const ticks = (): number => readFileSync(join(project, "ticks")).length;
    const before = ticks();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ticks()).toBe(before);
  });

  test("ends with its parent, whose folder goes with the next one", async () => {
    const started = aios.start(shell("echo up; while :; do echo x >> ticks; sleep 0.05; done"), {}, project);
    await said(started, /up\n/);
    expect(existsSync(join(project, ".env"))).toBe(true);
    started.child.kill("SIGKILL");
    await started.ended;
    const ticks = (): number => readFileSync(join(project, "ticks")).length;
    await expect
      .poll(
        () => {
          const before = ticks();
          return new Promise((resolve) => setTimeout(() => resolve(ticks() === before), 200));
        },
        { timeout: 10_000 },
      )
      .toBe(true);
    await aios.run(sandboxed(["true"]), { cwd: project });
    expect(readdirSync(project)).toEqual(["ticks"]);
    expect(jails().filter((name) => name.startsWith(`aios-jail-${started.child.pid}-`))).toEqual([]);
  });

  test("finds the next kernel where the one before was, also when it was started with --detach", async () => {
    const script = `until [ -e go ]; do sleep 0.1; done
      python3 -c 'import os,urllib.request as u
r=u.Request(os.environ["AIOS_URL"]+"/v1/models",headers={"authorization":"Bearer "+os.environ["AIOS_KEY"]})
print(u.urlopen(r).status)'; echo done > done`;
    const { code, err } = await aios.run(shell(script, ["--name", "patient", "-d"]), { cwd: project });
    expect(code, err).toBe(0);
    await aios.run(["down"]);
    await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
    writeFileSync(join(project, "go"), "");
    await expect.poll(() => existsSync(join(project, "done")), { timeout: 20_000 }).toBe(true);
    expect((await aios.run(["logs", "patient"])).out).toContain("200\n");
    await expect.poll(async () => (await processNamed("patient")).exit?.code, { timeout: 10_000 }).toBe(0);
  });
});
