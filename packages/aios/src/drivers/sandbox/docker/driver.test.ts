import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ada, makeSandbox, newId, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";
import { posixPrograms, sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { openProxy } from "../../../../test/conformance/sandbox-proxy.ts";
import type { ContainerEngine } from "../../../../test/container-engine.ts";
import { hasDocker, openDockerEngine } from "../../../../test/docker-engine.ts";
import { hasPodman, openPodmanEngine } from "../../../../test/podman-engine.ts";
import type { SandboxDriver } from "../../../kernel/ports.ts";
import { createDockerDriver } from "./driver.ts";

const timeoutMs = 60_000;

/** Folders of root's are refused: what the suite makes as root is given to a user first. */
const asUser = (driver: SandboxDriver): SandboxDriver => ({
  name: driver.name,
  tier: driver.tier,
  probe: () => driver.probe(),
  attach: (id) => driver.attach(id),
  list: () => driver.list(),
  create: async (spec) => {
    for (const path of [spec.workspace, ...(spec.views ?? []).map(({ from }) => from)]) if (path) giveAway(path);
    return await driver.create(spec);
  },
});

function giveAway(path: string): void {
  const stands = statSync(path, { throwIfNoEntry: false });
  if (!stands || stands.uid !== 0) return;
  chownSync(path, 1000, 1000);
  if (stands.isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name));
}

test("without an engine there is no container, and it is said what to start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aios-docker-"));
  const driver = createDockerDriver({ folder, sockets: [join(folder, "nothing.sock")], image: "any" });
  expect(await driver.probe()).toMatchObject({ is: "missing", fix: expect.stringContaining("start one") });
  await expect(driver.create({ id: "x", tenant: ada })).rejects.toMatchObject({ code: "ENOSYS" });
  expect(await driver.list()).toEqual([]);
  rmSync(folder, { recursive: true });
});

const engines = [
  { name: "podman", isHere: hasPodman, open: openPodmanEngine },
  { name: "docker", isHere: hasDocker, open: openDockerEngine },
];

for (const { name, isHere, open } of engines)
  describe.runIf(isHere)(`with ${name}`, { timeout: timeoutMs }, () => {
    let engine: ContainerEngine;
    beforeAll(async () => {
      engine = await open();
    }, timeoutMs);
    afterAll(() => engine[Symbol.asyncDispose](), timeoutMs);

    sandboxConformance(
      `docker by ${name}`,
      async () => {
        const folder = mkdtempSync(join(tmpdir(), "aios-docker-"));
        const make = (): SandboxDriver =>
          asUser(createDockerDriver({ folder, sockets: [engine.socket], image: engine.image }));
        return {
          driver: make(),
          again: async () => make(),
          [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
        };
      },
      { programs: posixPrograms, posix: true, folders: true, timeoutMs },
    );

    describe("a container", () => {
      let folder: string;
      let driver: SandboxDriver;
      beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "aios-docker-"));
        driver = createDockerDriver({
          folder,
          sockets: [join(folder, "nothing.sock"), engine.socket],
          image: engine.image,
        });
      });
      afterEach(() => rmSync(folder, { recursive: true, force: true }));

      test("has none of the syscalls that lead out, and gives no file a set-user-id bit", async () => {
        await using box = await makeSandbox(driver);
        const attempts = [
          ["a user namespace", "unshare -U true"],
          ["a mount", "mkdir m && mount -t tmpfs none m"],
          ["a netlink socket", "ip link"],
          ["a device", "mknod d c 1 3"],
          ["set-user-id by chmod", "cp /bin/busybox s && chmod 4755 s"],
          ["set-group-id by mkdir", "mkdir -m 2755 g"],
          ["the hour", "date -s 2001-01-01; test $(date +%Y) = 2001"],
          ["the host's name", "hostname other"],
          ["the root", "echo x > /bin/other"],
          ["the kernel's switches", "echo x > /proc/sys/kernel/hostname || echo b > /proc/sysrq-trigger"],
          ["the control groups", "echo 1 > /sys/fs/cgroup/pids/cgroup.procs || mkdir /sys/fs/cgroup/memory/x"],
        ] as const;
        const { out } = await runShell(
          box,
          attempts.map(([name, script]) => `(${script}) >/dev/null 2>&1 && echo "${name}"`).join("\n"),
        );
        expect(out).toBe("");
        // What is no attempt at anything goes on.
        const plain = "chmod 755 s && mkdir -m 755 p && mkfifo f && cp s busybox && ./busybox true && echo fine";
        expect((await runShell(box, plain)).out).toBe("fine\n");
      });

      test("that takes more memory than it may is killed, and its end says so", async () => {
        await using box = await makeSandbox(driver, { limits: { memoryBytes: 32 * 1024 * 1024 } });
        const { ended } = await runShell(box, "exec tail -c 200000000 /dev/zero");
        expect(ended).toEqual({
          type: "ended",
          code: null,
          signal: "SIGKILL",
          exceeded: "memoryBytes",
          droppedBytes: 0,
        });
      });

      test("stands still while it is paused, goes on when resumed, and can be killed in between", async () => {
        await using box = await makeSandbox(driver);
        const leaving = new AbortController();
        const up = Promise.withResolvers<void>();
        const running = runShell(box, "while :; do echo x >> ticks; echo up; sleep 0.02; done", {
          signal: leaving.signal,
          onOutput: () => up.resolve(),
        });
        await up.promise;
        expect((await box.stats()).processes).toBeGreaterThanOrEqual(1);
        expect((await box.stats()).memoryBytes).toBeGreaterThan(0);
        const ticks = async (): Promise<number> => (await box.download("ticks", { maxBytes: 1_000_000 })).length;
        await box.pause?.();
        const before = await ticks();
        await sleep(300);
        expect(await ticks()).toBe(before);
        await box.resume?.();
        while ((await ticks()) === before) await sleep(10);
        await box.pause?.();
        leaving.abort();
        await expect(running).rejects.toMatchObject({ code: "ECANCELED" });
      });

      test("that nobody reads any more is ended by the kernel that finds it", async () => {
        const earlier = await driver.create({ id: newId(), tenant: ada });
        const events = earlier.exec({
          argv: ["sh", "-c", "echo up; while :; do echo x >> ticks; sleep 0.02; done"],
          signal: new AbortController().signal,
        });
        expect((await events[Symbol.asyncIterator]().next()).value).toMatchObject({ type: "output" });
        const later = createDockerDriver({ folder, sockets: [engine.socket], image: engine.image });
        await using box = Object.assign((await later.attach(earlier.id))!, {
          [Symbol.asyncDispose]: () => earlier.delete(),
        });
        const before = (await box.download("ticks", { maxBytes: 1_000_000 })).length;
        await sleep(300);
        expect((await box.download("ticks", { maxBytes: 1_000_000 })).length).toBe(before);
      });

      test("that could not be deleted is still there, and can be deleted again", async () => {
        const box = await driver.create({ id: newId(), tenant: ada });
        const stuck = join(folder, box.id, "home", "stuck");
        mkdirSync(stuck);
        execFileSync("mount", ["-t", "tmpfs", "none", stuck]);
        try {
          await expect(box.delete()).rejects.toMatchObject({ code: "EBUSY" });
          expect(await driver.list()).toEqual([{ id: box.id, tenant: ada }]);
        } finally {
          execFileSync("umount", [stuck]);
        }
        await box.delete();
        expect(await driver.list()).toEqual([]);
      });

      test("may be given more time than a timer can wait", async () => {
        await using box = await makeSandbox(driver, { limits: { wallMs: 2 ** 40 } });
        expect((await runShell(box, "echo fine")).out).toBe("fine\n");
      });

      test("leaves nothing in the engine, whichever way its command ends", async () => {
        await using box = await makeSandbox(driver);
        await runShell(box, "exit 3");
        await run(box, ["absent"]).catch(() => undefined);
        await runShell(box, "sleep 60", { limits: { wallMs: 300 } });
        const label = encodeURIComponent(JSON.stringify({ label: [`aios.sandbox=${box.id}`] }));
        const asking = request({
          socketPath: engine.socket,
          path: `/v1.41/containers/json?all=true&filters=${label}`,
        }).end();
        const [answer] = (await once(asking, "response")) as [IncomingMessage];
        expect(await json(answer)).toEqual([]);
      });

      test("whose image has nothing that leads to the proxy says so", async () => {
        const egress = join(folder, "proxy.sock");
        await using _proxy = await listenAt(egress);
        await using box = await makeSandbox(driver, { egress });
        await expect(runShell(box, "echo on")).rejects.toMatchObject({ code: "ENOSYS" });
      });

      test("is not made for a folder of root's, with no socket for a way out, or from an image that is not there", async () => {
        const workspace = join(folder, "roots");
        mkdirSync(workspace);
        await expect(makeSandbox(driver, { workspace })).rejects.toMatchObject({ code: "ENOSYS" });
        const egress = join(folder, "proxy.sock");
        await expect(makeSandbox(driver, { egress })).rejects.toMatchObject({ code: "ENOENT" });
        const other = createDockerDriver({ folder, sockets: [engine.socket], image: "localhost/absent:latest" });
        expect(await other.probe()).toMatchObject({ is: "missing", fix: `${name} pull localhost/absent:latest` });
        await expect(makeSandbox(other)).rejects.toMatchObject({ code: "ENOSYS" });
      });
    });
  });

async function listenAt(path: string): Promise<AsyncDisposable> {
  const server = createServer().listen(path);
  await once(server, "listening");
  return { [Symbol.asyncDispose]: async () => void server.close() };
}

describe.runIf(hasPodman)("a container with a way out", { timeout: timeoutMs }, () => {
  test("leads ordinary programs to the proxy by their environment, and nowhere else", async () => {
    await using engine = await openPodmanEngine({ contents: "machine" });
    await using proxy = await openProxy();
    // As the kernel's own is.
    chmodSync(proxy.path, 0o600);
    const folder = mkdtempSync(join(tmpdir(), "aios-docker-"));
    const driver = createDockerDriver({ folder, sockets: [engine.socket], image: engine.image });
    await using box = await makeSandbox(driver, { egress: proxy.path });
    const curl = await run(box, ["curl", "-sS", "-m", "10", "http://example.test/page"]);
    expect(curl).toMatchObject({ out: "by the proxy: http://example.test/page", errors: "", ended: { code: 0 } });
    const open = "import urllib.request as u; print(u.urlopen('http://example.test/other').read().decode())";
    expect((await run(box, ["python3", "-c", open])).out).toBe("by the proxy: http://example.test/other\n");
    expect((await run(box, ["curl", "-sS", "-m", "5", "--noproxy", "*", "http://1.1.1.1/"])).ended.code).toBe(7);
    expect((await runShell(box, "tail -n +3 /proc/net/dev")).out).not.toMatch(/eth|ens|enp|wlan/);
    await box.delete();
    rmSync(folder, { recursive: true });
  });
});
