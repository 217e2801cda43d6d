import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { ada, bob, makeSandbox, newId, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";

function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "aios-life-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const namesIn = (folder: string): string[] => readdirSync(folder).filter((name) => !name.startsWith(".machine"));
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe.runIf(hasBubblewrap)("bubblewraps from one kernel to the next", { timeout: 30_000 }, () => {
  test("an older kernel cannot use a sandbox that a newer one took over; the newer one can", async () => {
    await using older = openBubblewrap({ generation: 4 });
    await using newer = openBubblewrap({ folder: older.folder, generation: 5 });
    const before = await makeSandbox(older);
    const up = Promise.withResolvers<void>();
    const running = runShell(before, "echo up; sleep 30", { onOutput: () => up.resolve() });
    await up.promise;
    const after = (await newer.attach(before.id))!;
    expect((await runShell(after, "echo mine")).out).toBe("mine\n");
    const stale = { code: "ESTALE", message: expect.stringContaining("generation 5") };
    await expect(run(before, ["true"])).rejects.toMatchObject(stale);
    await expect(before.upload("x", new Uint8Array())).rejects.toMatchObject(stale);
    await expect(before.download("x", { maxBytes: 1 })).rejects.toMatchObject(stale);
    await expect(before.snapshot()).rejects.toMatchObject(stale);
    expect(() => before.wrap!({ argv: ["true"] })).toThrow(/generation 5/);
    // It may end what it runs, and nothing else.
    await before.delete();
    expect((await running).ended.code).toBe(null);
    expect((await runShell(after, "echo still")).out).toBe("still\n");
    await after.delete();
  });

  test("who knew a sandbox that is gone does not reach the one that has its id now", async () => {
    await using driver = openBubblewrap();
    const first = await makeSandbox(driver, { tenant: ada });
    const known = (await driver.attach(first.id))!;
    await first.delete();
    await using _second = await makeSandbox(driver, { id: first.id, tenant: bob });
    await expect(run(known, ["true"])).rejects.toMatchObject({ code: "ESTALE" });
    await known.delete();
    expect(await driver.list()).toEqual([{ id: first.id, tenant: bob }]);
  });

  test("a kernel that is killed leaves no process behind, and its sandboxes to the next one", async () => {
    using workspace = temporaryFolder();
    using folder = temporaryFolder();
    const script = `
      import { openBubblewrap } from ${JSON.stringify(import.meta.resolve("../../../../test/bubblewrap.ts"))};
      const driver = openBubblewrap({ folder: ${JSON.stringify(folder.path)}, generation: 1 });
      const spec = { id: "left", tenant: "ada", workspace: ${JSON.stringify(workspace.path)}, guarded: [".env"] };
      const sandbox = await driver.create(spec);
      await driver.create({ id: "other", tenant: "bob" });
      const signal = new AbortController().signal;
      const argv = ["sh", "-c", "echo up; while :; do echo x >> ticks; sleep 0.05; done"];
      for await (const event of sandbox.exec({ argv, signal })) console.log("running");`;
    const args = ["--conditions=aios-source", "--input-type=module", "-e", script];
    const kernel = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: kernel.stdout })) {
      expect(line).toBe("running");
      break;
    }
    expect(existsSync(join(workspace.path, ".env"))).toBe(true);
    const gone = once(kernel, "exit");
    kernel.kill("SIGKILL");
    await gone;
    mkdirSync(join(folder.path, ".new-1-half-made"));
    await using next = openBubblewrap({ folder: folder.path, generation: 2 });
    expect((await next.list()).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: "left", tenant: "ada" },
      { id: "other", tenant: "bob" },
    ]);
    await next.reap();
    expect(existsSync(join(workspace.path, ".env"))).toBe(false);
    expect(namesIn(folder.path).toSorted()).toEqual([".ghosts", "left", "other"]);
    const found = (await next.attach("left"))!;
    const ticks = async () => (await found.download("ticks", { maxBytes: 100_000 })).length;
    const before = await ticks();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ticks()).toBe(before);
    for (const { id } of await next.list()) await (await next.attach(id))?.delete();
    expect(await next.list()).toEqual([]);
  });

  test("one that was made in advance was never used: empty, and nobody's before", async () => {
    await using driver = openBubblewrap({ pool: { min: 1, max: 4 } });
    for (let round = 0; round < 4; round++) {
      const tenant = round % 2 === 0 ? ada : bob;
      const sandbox = await makeSandbox(driver, { tenant });
      const { out } = await runShell(
        sandbox,
        "ls -A; ls -A /tmp; set -- /proc/[0-9]*; echo $#; echo x > left; echo x > /tmp/left",
      );
      // bubblewrap and sh.
      expect(out).toBe("2\n");
      await sandbox.delete();
    }
  });

  test("many that are opened while others are being made in advance all run", async () => {
    await using driver = openBubblewrap({ pool: { min: 2, max: 8 } });
    const open = async (): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const sandbox = await makeSandbox(driver);
        expect((await runShell(sandbox, "echo in; pwd")).out).toBe(`in\n${sandbox.home}\n`);
        await sandbox.delete();
      }
    };
    await Promise.all([open(), open(), open(), open()]);
  });

  test("what waits for a command is bounded, is ended when nobody comes, and is no longer there after the end", async () => {
    await using driver = openBubblewrap({ pool: { min: 0, max: 2, idleTtlMs: 300 } });
    const sandboxes = [];
    for (let one = 0; one < 4; one++) {
      const sandbox = await makeSandbox(driver);
      await run(sandbox, ["true"]);
      sandboxes.push(sandbox);
    }
    const waiting = (): number => countOurs(driver.folder);
    await until(() => waiting() <= 2);
    await until(() => waiting() === 0);
    // It costs time alone.
    expect((await runShell(sandboxes[0]!, "echo again")).out).toBe("again\n");
    for (const sandbox of sandboxes) await sandbox.delete();
    await driver[Symbol.asyncDispose]();
    expect(countOurs(driver.folder)).toBe(0);
  });

  test("two sandboxes in one workspace keep each other's guard, and neither takes it away from the other", async () => {
    using workspace = temporaryFolder();
    await using driver = openBubblewrap();
    const spec = { workspace: workspace.path, guarded: [".env"] };
    await using first = await makeSandbox(driver, spec);
    await using second = await makeSandbox(driver, spec);
    const attempt = "echo up; sleep 0.6; echo bad > .env; echo done";
    const started = Promise.withResolvers<void>();
    const running = runShell(second, attempt, { onOutput: () => started.resolve() });
    await runShell(first, "echo bad > .env");
    await started.promise;
    await runShell(first, "echo bad > .env");
    expect((await running).out).toBe("up\ndone\n");
    expect(existsSync(join(workspace.path, ".env"))).toBe(false);
  });

  test("a guarded file that is replaced on the machine is guarded in the next command too", async () => {
    using workspace = temporaryFolder();
    const at = join(workspace.path, ".env");
    writeFileSync(at, "one");
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { workspace: workspace.path, guarded: [".env"] });
    await runShell(sandbox, "true");
    await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(at);
    writeFileSync(at, "two");
    expect((await runShell(sandbox, "cat .env; echo bad > .env")).out).toBe("two");
    expect((await runShell(sandbox, "cat .env")).out).toBe("two");
  });

  test("what a command is told is not to be read from the machine's list of processes", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const secret = `s${newId()}`;
    const arguments_: string[] = [];
    const running = run(sandbox, ["sh", "-c", "echo up; cat; sleep 0.3"], {
      environment: { SECRET: secret },
      input: "x".repeat(20_000),
      onOutput: () => {
        for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
          try {
            arguments_.push(readFileSync(`/proc/${name}/cmdline`, "latin1"));
          } catch {
            // Ended meanwhile.
          }
        }
      },
    });
    expect((await running).ended.code).toBe(0);
    expect(arguments_.some((one) => one.includes("--disable-userns"))).toBe(true);
    expect(arguments_.filter((one) => one.includes(secret))).toEqual([]);
  });

  test("an id is not made half: names that were taken meanwhile are EEXIST, and leave nothing", async () => {
    await using driver = openBubblewrap({ pool: { min: 0, max: 0 } });
    const id = newId();
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => driver.create({ id, tenant: ada })));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(namesIn(driver.folder)).toEqual([id]);
  });
});

/** First processes of sandboxes whose home is below this folder. */
function countOurs(folder: string): number {
  const isOurs = (hostPid: string): boolean => {
    try {
      const mounts = readFileSync(`/proc/${hostPid}/mountinfo`, "latin1");
      const isFirst = /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${hostPid}/status`, "latin1"));
      return isFirst && mounts.includes(`${folder}/`);
    } catch {
      // Ended meanwhile.
      return false;
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOurs(name)).length;
}
