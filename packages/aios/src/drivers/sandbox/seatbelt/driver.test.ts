import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasBubblewrap } from "../../../../test/bubblewrap.ts";
import { ada, makeSandbox, newId, ok, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";
import { posixPrograms, sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { openProxy } from "../../../../test/conformance/sandbox-proxy.ts";
import { openFakeSeatbelt } from "../../../../test/fake-sandbox-exec.ts";
import type { FakeSeatbelt } from "../../../../test/fake-sandbox-exec.ts";
import { modelOf } from "../../../../test/seatbelt-model.ts";
import type { Sandbox, SandboxProbe } from "../../../kernel/ports.ts";
import { createRealClock } from "../../clock/real.ts";
import { createSeatbelt } from "./driver.ts";
import { probeSeatbelt } from "./probe.ts";

const counting = "while :; do echo x >> ticks; sleep 0.05; done";
/** A session of its own: macOS has no setsid. */
const setsid = `perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' sh -c '${counting}' </dev/null >/dev/null 2>&1`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.skipIf(process.platform === "darwin")("where there is no macOS it says so, and makes nothing", async () => {
  const folder = join(tmpdir(), `aios-absent-${process.pid}`);
  const driver = createSeatbelt({ folder, clock: createRealClock() });
  expect(await driver.probe()).toMatchObject({ is: "missing", why: expect.stringContaining("macOS") });
  await expect(driver.create({ id: newId(), tenant: ada })).rejects.toMatchObject({ code: "ENOSYS" });
  expect(await driver.list()).toEqual([]);
});

test("a sandbox-exec that holds nothing is not taken for one, and root's sandboxes would be root's", async () => {
  await using fake = openFakeSeatbelt();
  expect(await probeSeatbelt(fake.programs, 501)).toMatchObject({
    is: "missing",
    why: expect.stringContaining("be read"),
  });
  const absent = { ...fake.programs, sandboxExec: join(fake.folder, "absent") };
  expect(await probeSeatbelt(absent, 501)).toMatchObject({
    is: "missing",
    why: expect.stringContaining("there is no"),
  });
  expect(await probeSeatbelt(fake.programs, 0)).toMatchObject({ is: "missing", fix: expect.stringContaining("root") });
});

/** Holds what the trial asks for by other means than macOS's: what the profile names as its own is written, minus what it names as guarded. */
const holding = (left: string): string => `#!/bin/sh
while :; do
  case $2 in
    OWN_*) own="$own --bind \${2#*=} \${2#*=}" ;;
    GUARD_*) kept="$kept --ro-bind \${2#*=} \${2#*=}" ;;
  esac
  case $1 in -D | -p) shift 2 ;; *) break ;; esac
done
exec bwrap --ro-bind / / --unshare-pid --proc /proc --tmpfs \${5%/*} $own $kept ${left} "$@"
`;

test.runIf(hasBubblewrap)(
  "one that holds is taken, and one that lets go of anything that is tried is not",
  async () => {
    const probed = async (left: string): Promise<SandboxProbe> => {
      await using fake = openFakeSeatbelt();
      writeFileSync(fake.programs.sandboxExec, holding(left));
      return await probeSeatbelt(fake.programs, 501);
    };
    expect(await probed("")).toMatchObject({ is: "available" });
    const outside = "$(mkdir -p $5 && echo --bind $5 $5)";
    expect(await probed(outside)).toMatchObject({ why: expect.stringContaining("be read") });
    expect(await probed(`--tmpfs $5`)).toMatchObject({ why: expect.stringContaining("file be written") });
    expect(await probed("--bind $7/kept $7/kept")).toMatchObject({ why: expect.stringContaining("guarded") });
    expect(await probed("--ro-bind $7 $7")).toMatchObject({ why: expect.stringContaining("nothing be written") });
    expect(await probed("false")).toMatchObject({ why: expect.stringContaining("does not start") });
  },
);

if (process.platform === "darwin")
  sandboxConformance(
    "seatbelt",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "aios-seatbelt-"));
      const clock = createRealClock();
      let generation = 0;
      const make = () => createSeatbelt({ folder, clock, generation: ++generation });
      return {
        driver: make(),
        again: async () => make(),
        [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
    { programs: posixPrograms, posix: false, folders: false },
  );

describe("with a sandbox-exec that holds nothing", () => {
  sandboxConformance(
    "seatbelt",
    async () => {
      const fake = openFakeSeatbelt();
      return {
        driver: fake.driver,
        again: async () => fake.again(),
        [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
      };
    },
    { programs: posixPrograms, posix: false, folders: false },
  );

  let fake: FakeSeatbelt;
  let workspace: string;
  beforeEach(() => {
    fake = openFakeSeatbelt();
    workspace = realpathSync(mkdtempSync(join(tmpdir(), "aios-workspace-")));
  });
  afterEach(async () => {
    await fake[Symbol.asyncDispose]();
    rmSync(workspace, { recursive: true, force: true });
  });

  test("a command is started in a session of its own, and its environment is in no argument", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const environment = { KEY: "known-to-the-command-alone" };
    const { out } = await runShell(sandbox, 'ps -o pid=,pgid= -p $$; echo "$KEY"', { environment });
    const [pid, group] = out.trim().split(/\s+/);
    expect(group).toBe(pid);
    expect(out).toContain("known-to-the-command-alone");
    expect(fake.called().join(" ")).not.toContain("known-to-the-command-alone");
  });

  test("the profile is about its folders: home, a tmp of its own, views where they are, guards, the way to them", async () => {
    mkdirSync(join(workspace, ".git/hooks"), { recursive: true });
    mkdirSync(join(workspace, "shared"));
    const view = join(workspace, "shared");
    const guarded = [".git/hooks", ".env"];
    const views = [{ from: view, at: view }];
    await using sandbox = await makeSandbox(fake.driver, { workspace, guarded, views });
    expect(sandbox.home).toBe(workspace);
    const { out } = await runShell(sandbox, 'pwd; echo "$HOME"; echo "$TMPDIR"; ls -A');
    const [folder, home, temporary = "", ...names] = out.trim().split("\n");
    expect([folder, home]).toEqual([workspace, workspace]);
    // What is absent is held by an empty file as long as the command runs.
    expect(names).toContain(".env");
    expect(readdirSync(workspace)).not.toContain(".env");
    const { isAllowed } = modelOf(fake.called());
    expect(isAllowed("file-write-create", { path: `${temporary}/x` })).toBe(true);
    expect(isAllowed("file-write-create", { path: `${workspace}/x` })).toBe(true);
    expect(isAllowed("file-write-create", { path: `${workspace}/.git/hooks/x` })).toBe(false);
    expect(isAllowed("file-write-data", { path: `${workspace}/.env` })).toBe(false);
    expect(isAllowed("file-write-unlink", { path: `${workspace}/.git` })).toBe(false);
    await expect(sandbox.upload(".env", new Uint8Array(1))).rejects.toMatchObject({ code: "EPOLICY" });
  });

  test("a workspace that is named by a link is meant, and a guard that is one is refused", async () => {
    symlinkSync(workspace, `${workspace}-link`);
    try {
      await using sandbox = await makeSandbox(fake.driver, { workspace: `${workspace}-link` });
      expect(sandbox.home).toBe(workspace);
    } finally {
      rmSync(`${workspace}-link`);
    }
    symlinkSync("free", join(workspace, ".env"));
    const refused = makeSandbox(fake.driver, { workspace, guarded: [".env"] });
    await expect(refused).rejects.toMatchObject({ code: "EPOLICY" });
  });

  test("a view elsewhere than it is cannot be had: EINVAL says that nothing is mounted", async () => {
    const views = [{ from: workspace, at: "/opt/seen" }];
    const refused = expect(makeSandbox(fake.driver, { views }));
    await refused.rejects.toMatchObject({ code: "EINVAL", hint: expect.stringContaining("mounted") });
  });

  test("a command's end is the end of its group, and of orphans that hold something of the sandbox", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const daemon = `(${setsid} &)`;
    expect((await runShell(sandbox, `sh -c '${counting}' & ${daemon}; sleep 0.3`)).ended).toEqual(ok);
    const before = (await sandbox.download("ticks", { maxBytes: 10_000 })).length;
    expect(before).toBeGreaterThan(0);
    await pause(300);
    expect((await sandbox.download("ticks", { maxBytes: 10_000 })).length).toBe(before);
  });

  test("an orphan is not ended for being one", async () => {
    const other = mkdtempSync(join(tmpdir(), "aios-other-"));
    await using sandbox = await makeSandbox(fake.driver);
    const controller = new AbortController();
    const running = runShell(sandbox, "sleep 60", { signal: controller.signal }).catch(() => undefined);
    await pause(200);
    execFileSync("sh", ["-c", `cd ${other}; (sleep 5 </dev/null >/dev/null 2>&1 & echo $! > pid)`]);
    const pid = Number(readFileSync(join(other, "pid"), "utf8"));
    controller.abort();
    await running;
    expect(process.kill(pid, 0)).toBe(true);
    process.kill(pid);
    rmSync(other, { recursive: true });
  });

  test("the wall clock ends what was seen to descend from it, in sessions of their own too", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const script = `${setsid} 5<&- & sleep 60`;
    const { ended } = await runShell(sandbox, script, { limits: { wallMs: 900 } });
    expect(ended).toMatchObject({ code: null, exceeded: "wallMs" });
    const before = (await sandbox.download("ticks", { maxBytes: 10_000 })).length;
    await pause(300);
    expect((await sandbox.download("ticks", { maxBytes: 10_000 })).length).toBe(before);
  });

  test("a program that a signal ends has the exit code that a shell shows", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    expect((await runShell(sandbox, "kill -SEGV $$")).ended).toMatchObject({ code: 139, signal: null });
    expect((await runShell(sandbox, "kill -KILL $$")).ended).toMatchObject({ code: 137, signal: null });
  });

  test("a command that others hold open ends when it ends itself, and what holds more memory than it may is killed", async () => {
    await using sandbox = await makeSandbox(fake.driver, { limits: { memoryBytes: 200 * 1024 * 1024 } });
    expect((await runShell(sandbox, "sleep 60 & echo started")).ended).toEqual(ok);
    const hungry = "for i in 1 2 3; do perl -e '$x = \"x\" x 90_000_000; sleep 30' & done; wait";
    expect((await runShell(sandbox, hungry)).ended).toMatchObject({ code: null, exceeded: "memoryBytes" });
  });

  test("what runs goes with the kernel that started it, however that ended", async () => {
    const program = `
      import { openFakeSeatbelt } from ${JSON.stringify(import.meta.resolve("../../../../test/fake-sandbox-exec.ts"))};
      import { makeSandbox, runShell } from ${JSON.stringify(import.meta.resolve("../../../../test/conformance/sandbox-opened.ts"))};
      const fake = openFakeSeatbelt();
      const sandbox = await makeSandbox(fake.driver);
      await runShell(sandbox, "echo $$ $TMPDIR; sleep 60", { onOutput: (out) => console.log(fake.folder, out.trim()) });
    `;
    const options = ["--conditions=aios-source", "--input-type=module", "-e", program];
    const kernel = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(kernel.stdout, "data")) as [Buffer];
    const [folder = "", pid] = line.toString().trim().split(" ");
    expect(process.kill(Number(pid), 0)).toBe(true);
    kernel.kill("SIGKILL");
    await once(kernel, "exit");
    await expect
      .poll(() => execFileSync("ps", ["-axo", "pgid=,stat="]).toString())
      .not.toMatch(new RegExp(`^\\s*${pid}\\s+[^Z\\s]`, "m"));
    rmSync(folder, { recursive: true, force: true });
  });

  describe("and a way out", () => {
    const ask = async (proxy: URL, withWord = true): Promise<{ status: number | undefined; body: string }> => {
      const word = Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64");
      const headers = withWord ? { "proxy-authorization": `Basic ${word}` } : {};
      const asked = request({
        host: proxy.hostname,
        port: proxy.port,
        path: "http://example.test/page",
        headers,
        agent: false,
      });
      asked.end();
      const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream & { statusCode?: number }];
      return { status: response.statusCode, body: await text(response) };
    };
    const proxyOf = async (sandbox: Sandbox): Promise<URL> =>
      new URL((await runShell(sandbox, "printf %s $https_proxy")).out);

    test("programs find the door by their environment, the profile lets its port through, and nobody else passes", async () => {
      await using proxy = await openProxy();
      await using sandbox = await makeSandbox(fake.driver, { egress: proxy.path });
      const url = await proxyOf(sandbox);
      const { isAllowed } = modelOf(fake.called());
      expect(isAllowed("network-outbound", { is: `(remote ip "localhost:${url.port}")` })).toBe(true);
      expect(await ask(url)).toEqual({ status: 200, body: "by the proxy: http://example.test/page" });
      expect(await ask(url, false)).toMatchObject({ status: 407 });
      url.password = "another";
      expect(await ask(url)).toMatchObject({ status: 407 });
      const page = [
        "python3",
        "-c",
        "import urllib.request as u; print(u.urlopen('http://example.test/').read().decode())",
      ];
      expect((await run(sandbox, page)).out).toBe("by the proxy: http://example.test/\n");
    });

    test("it goes with its sandbox, and has the same address under the next kernel", async () => {
      await using proxy = await openProxy();
      const sandbox = await fake.driver.create({ id: newId(), tenant: ada, egress: proxy.path });
      const url = await proxyOf(sandbox);
      await sandbox.delete();
      await expect(ask(url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
      const program = `
        import { openFakeSeatbelt } from ${JSON.stringify(import.meta.resolve("../../../../test/fake-sandbox-exec.ts"))};
        const { driver } = openFakeSeatbelt({ folder: ${JSON.stringify(join(fake.folder, "sandboxes"))} });
        await driver.create({ id: "kept", tenant: "ada", egress: ${JSON.stringify(proxy.path)} });
        process.exit();
      `;
      execFileSync(process.execPath, ["--conditions=aios-source", "--input-type=module", "-e", program]);
      const address = (): string => readFileSync(join(fake.folder, "sandboxes/kept/door.json"), "utf8");
      const before = address();
      const next = (await fake.driver.attach("kept"))!;
      expect(address()).toBe(before);
      expect(await ask(await proxyOf(next))).toMatchObject({ status: 200 });
      // Where another has it by then, what is started finds the new one.
      const later = (await fake.again().attach("kept"))!;
      expect(address()).not.toBe(before);
      expect(await ask(await proxyOf(later))).toMatchObject({ status: 200 });
      await later.delete();
      await next.delete();
    });
  });

  test("what a killed kernel left half made or half removed is removed, and sandboxes stay", async () => {
    const { id } = await fake.driver.create({ id: newId(), tenant: ada });
    const folder = join(fake.folder, "sandboxes");
    mkdirSync(join(folder, ".new-0-left"));
    mkdirSync(join(folder, ".gone/left"), { recursive: true });
    writeFileSync(join(folder, ".gone/left/file"), "x");
    const next = await fake.again().attach(id);
    expect(readdirSync(folder).filter((name) => name.startsWith(".new") || name === ".gone")).toEqual([]);
    await next!.delete();
  });
});
