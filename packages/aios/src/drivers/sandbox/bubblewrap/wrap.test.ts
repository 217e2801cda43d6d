import { spawn, spawnSync } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { makeSandbox } from "../../../../test/conformance/sandbox-opened.ts";
import type { Sandbox, SandboxCommand, WrappedCommand } from "../../../kernel/ports.ts";

type Wrapped = Pick<SandboxCommand, "argv" | "environment" | "folder">;

/** Starts it as the port says. */
function start(sandbox: Sandbox, command: Wrapped, stdio: StdioOptions & readonly unknown[]) {
  using wrapped = sandbox.wrap!(command, { firstHandle: stdio.length });
  const { uid, gid } = wrapped;
  return spawn(wrapped.file, wrapped.args, {
    detached: true,
    env: wrapped.environment,
    stdio: withHandles(stdio, wrapped.handles),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "aios-wrap-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function withHandles(stdio: readonly unknown[], handles: WrappedCommand["handles"]): StdioOptions {
  const all = [...stdio];
  for (const { at, handle } of handles) {
    while (all.length < at) all.push("ignore");
    all[at] = handle;
  }
  return all as StdioOptions;
}

const views = [{ from: dirname(process.execPath), at: "/opt/node" }];
const node = "/opt/node/node";

describe.runIf(hasBubblewrap)("a command that its starter keeps, in a bubblewrap", { timeout: 30_000 }, () => {
  test("a Node child speaks to its parent over their channel, from inside", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { views });
    const script = `process.on("message", (said) => { process.send({ said, uid: process.getuid(), greeting: process.env.GREETING, folder: process.cwd() }); process.disconnect(); })`;
    const command = { argv: [node, "-e", script], environment: { GREETING: "it's\nme" } };
    const child = start(sandbox, command, ["ignore", "inherit", "inherit", "ipc"]);
    const ended = once(child, "exit");
    child.send("hello");
    const [message] = await once(child, "message");
    expect(message).toEqual({ said: "hello", uid: 1000, greeting: "it's\nme", folder: sandbox.home });
    expect(await ended).toEqual([0, null]);
  });

  test("what this process was left by its own parent is not found inside, by such a command or by any", async () => {
    // As a shell's redirection leaves it. Of the first sixteen Node itself takes care.
    const script = `
      import { openBubblewrap } from ${JSON.stringify(import.meta.resolve("../../../../test/bubblewrap.ts"))};
      import { makeSandbox, runShell } from ${JSON.stringify(import.meta.resolve("../../../../test/conformance/sandbox-opened.ts"))};
      import { spawn, spawnSync } from "node:child_process";
      await using driver = openBubblewrap();
      await using sandbox = await makeSandbox(driver);
      console.log((await runShell(sandbox, "cat /proc/self/fd/40 /proc/self/fd/41; ls -l /proc/self/fd /proc/1/fd")).out);
      using wrapped = sandbox.wrap({ argv: ["sh", "-c", "cat /proc/self/fd/40 /proc/self/fd/41; ls -l /proc/self/fd /proc/1/fd"] });
      const stdio = ["ignore", "pipe", "ignore"];
      for (const { at, handle } of wrapped.handles) { while (stdio.length < at) stdio.push("ignore"); stdio[at] = handle; }
      const { file, args, environment: env, uid, gid } = wrapped;
      const child = spawn(file, args, { detached: true, env, stdio, uid, gid });
      for await (const part of child.stdout) process.stdout.write(part);`;
    using folder = temporaryFolder();
    const secret = join(folder.path, "secret");
    writeFileSync(secret, "known to few");
    const node = [process.execPath, "--conditions=aios-source", "--input-type=module", "-e", script];
    const { stdout, stderr } = spawnSync("bash", ["-c", 'exec 40<"$0" 41<"$0"; exec "$@"', secret, ...node], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    // A command's own, and of the wrapped one also what its first process has; a sandbox's own first process shows nobody.
    expect(stdout.match(/ 0 -> /g)).toHaveLength(3);
    expect(stdout).not.toMatch(/known to few|secret/);
  });

  test("an interrupt to its process group reaches the program, which may go on", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const script = "trap 'echo heard; exit 7' INT; echo up; while :; do sleep 0.1; done";
    const child = start(sandbox, { argv: ["sh", "-c", script] }, ["ignore", "pipe", "inherit"]);
    const ended = once(child, "exit");
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("up");
    process.kill(-child.pid!, "SIGINT");
    expect((await lines.next()).value).toBe("heard");
    expect(await ended).toEqual([7, null]);
  });

  test("killing what was spawned kills everything in it", async () => {
    using workspace = temporaryFolder();
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { workspace: workspace.path });
    const script =
      "(setsid sh -c 'while :; do echo x >> ticks; sleep 0.05; done' >/dev/null 2>&1 &); sleep 0.3; echo up; sleep 60";
    const child = start(sandbox, { argv: ["sh", "-c", script] }, ["ignore", "pipe", "inherit"]);
    await once(child.stdout!, "data");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const length = async () => (await sandbox.download("ticks", { maxBytes: 100_000 })).length;
    const before = await length();
    expect(before).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await length()).toBe(before);
  });

  test("it is killed when all its processes together hold more than one may", async () => {
    await using driver = openBubblewrap();
    const limits = { memoryBytes: 200 * 1024 * 1024 };
    await using sandbox = await makeSandbox(driver, { limits });
    const holder = `python3 -c 'import time; held = b"x" * 80_000_000; print("held", flush=True); time.sleep(60)'`;
    const argv = ["sh", "-c", `${holder} & ${holder} & ${holder} & wait`];
    using wrapped = sandbox.wrap!({ argv }, { firstHandle: 3 });
    const { file, args, environment: env, uid, gid } = wrapped;
    const as = uid === undefined ? {} : { uid, gid: gid! };
    const stdio = withHandles(["ignore", "pipe", "inherit"], wrapped.handles);
    const child = spawn(file, args, { detached: true, env, stdio, ...as });
    using _watch = wrapped.watch(child.pid!, () => process.kill(-child.pid!, "SIGKILL"));
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });

  test("what its environment says works inside alone, not on what starts it", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const environment = { LD_PRELOAD: "/tmp/evil.so", SECRET: "known to few", PATH: "/usr/bin" };
    using wrapped = sandbox.wrap!({ argv: ["env"], environment });
    expect(wrapped.environment).not.toHaveProperty("LD_PRELOAD");
    // Arguments are for everybody on the machine to list.
    expect(JSON.stringify([wrapped.file, wrapped.args])).not.toMatch(/known to few|evil/);
    const child = start(sandbox, { argv: ["env"], environment }, ["ignore", "pipe", "ignore"]);
    let out = "";
    for await (const part of child.stdout!.setEncoding("utf8")) out += part as string;
    expect(out).toMatch(/^SECRET=known to few$/m);
    expect(out).toMatch(/^LD_PRELOAD=\/tmp\/evil.so$/m);
    expect(out).toMatch(/^PATH=\/usr\/bin$/m);
    expect(out).not.toContain("AIOS_INSIDE");
  });
});
