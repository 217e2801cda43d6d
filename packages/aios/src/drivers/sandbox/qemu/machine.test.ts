import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ada, makeSandbox, newId, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";
import { hasQemu, openGuest } from "../../../../test/qemu-guest.ts";
import type { SandboxDriver } from "../../../kernel/ports.ts";
import { createRealClock } from "../../clock/real.ts";
import { createQemuDriver } from "./driver.ts";

const timeoutMs = 120_000;

/** Numbers of the machine's processes that are this sandbox's. */
function machinesOf(id: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "latin1").includes(`\0aios-${id}\0`);
    } catch {
      return false;
    }
  });
}

describe.runIf(hasQemu)("a virtual machine", { timeout: timeoutMs }, () => {
  let opened: Awaited<ReturnType<typeof openGuest>>;
  let folder: string;
  let driver: SandboxDriver;
  const make = (): SandboxDriver =>
    createQemuDriver({ ...opened, folder, clock: createRealClock(), accelerator: "tcg" });
  beforeAll(async () => {
    opened = await openGuest();
    folder = mkdtempSync(join(tmpdir(), "aios-qemu-"));
    driver = make();
  }, timeoutMs);
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }, timeoutMs);

  test("draws other random numbers than the one before it, though both went on from one state", async () => {
    await using box = await makeSandbox(driver);
    const draw = async (): Promise<string> => (await runShell(box, "head -c 32 /dev/urandom | od -An -tx1")).out;
    const first = await draw();
    expect(first).toMatch(/^( [0-9a-f]{2}){16}\n/);
    expect(await draw()).not.toBe(first);
    const { out } = await runShell(box, "date +%s");
    expect(Math.abs(Number(out) - Date.now() / 1000)).toBeLessThan(60);
  });

  test("brings back folders that were moved and changed places, and links between files", async () => {
    await using box = await makeSandbox(driver);
    await runShell(box, "mkdir -p a/deep b; echo 1 > a/deep/f; echo 2 > b/f; echo 3 > one; ln one two");
    expect((await runShell(box, "mv a t && mv b a && mv t b && mv one three && echo new > a/g")).ended.code).toBe(0);
    const { out } = await runShell(box, "find . -type f | sort | while read -r f; do echo $f $(cat $f); done");
    expect(out).toBe("./a/f 2\n./a/g new\n./b/deep/f 1\n./three 3\n./two 3\n");
  });

  test("that takes more memory than it may is killed, and its end says so", async () => {
    await using box = await makeSandbox(driver, { limits: { memoryBytes: 32 * 1024 * 1024 } });
    const { ended } = await run(box, ["tail", "-c", "100000000", "/dev/zero"]);
    expect(ended).toMatchObject({ code: null, signal: "SIGKILL", exceeded: "memoryBytes" });
  });

  test("runs as a user of nobody's, without rights, and cannot start a program", async () => {
    await using box = await makeSandbox(driver);
    const leaving = new AbortController();
    const running = runShell(box, "echo up; sleep 60", {
      signal: leaving.signal,
      onOutput: () => {
        const [hostPid = ""] = machinesOf(box.id);
        const status = readFileSync(`/proc/${hostPid}/status`, "latin1");
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(status).toMatch(/^Seccomp:\t2$/m);
        if (process.getuid?.() === 0) {
          expect(Number(/^Uid:\t(\d+)\t/m.exec(status)?.[1])).toBeGreaterThan(1_000_000_000);
          expect(status).toMatch(/^Groups:\t\s*$/m);
        }
        expect(status.match(/^Cap(Prm|Eff|Inh|Amb):\t0+$/gm)).toHaveLength(4);
        expect(readFileSync(`/proc/${hostPid}/environ`, "latin1")).toBe("");
        leaving.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "ECANCELED" });
    expect(machinesOf(box.id)).toEqual([]);
  });

  test("stands still while it is paused, goes on when resumed, and can be ended in between", async () => {
    await using box = await makeSandbox(driver);
    const leaving = new AbortController();
    let said = 0;
    const running = runShell(box, "while :; do echo x; sleep 0.05; done", {
      signal: leaving.signal,
      onOutput: (out) => (said = out.length),
    });
    const caught = running.catch((fault: unknown) => fault);
    while (said === 0) await sleep(20);
    expect(await box.stats()).toMatchObject({ processes: 1, memoryBytes: expect.any(Number) });
    await box.pause?.();
    await sleep(300);
    const before = said;
    await sleep(500);
    expect(said).toBe(before);
    await box.resume?.();
    while (said === before) await sleep(20);
    await box.pause?.();
    leaving.abort();
    expect(await caught).toMatchObject({ code: "ECANCELED" });
  });

  test("has no way out yet, and is not made where one is asked for", async () => {
    await expect(makeSandbox(driver, { egress: join(folder, "any.sock") })).rejects.toMatchObject({ code: "ENOSYS" });
  });

  test("ends with a kernel that is killed, and its sandbox is found by the next one", async () => {
    const id = newId();
    const kernel = spawn(
      process.execPath,
      [...process.execArgv, new URL("../../../../test/programs/qemu-kernel.ts", import.meta.url).pathname],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, AIOS_QEMU: JSON.stringify({ ...opened, folder, id, accelerator: "tcg" }) },
      },
    );
    await once(kernel.stdout, "data");
    expect(machinesOf(id)).toHaveLength(1);
    kernel.kill("SIGKILL");
    while (machinesOf(id).length > 0) await sleep(20);
    const next = make();
    expect(await next.list()).toContainEqual({ id, tenant: ada });
    const found = (await next.attach(id))!;
    expect((await run(found, ["cat", "kept"])).out).toBe("as it was\n");
    await found.delete();
    expect(await next.list()).toEqual([]);
  });
});
