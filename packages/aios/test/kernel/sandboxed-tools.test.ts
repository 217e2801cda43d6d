// What a model wrote, run by the tools shell and code.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createQuickJsDriver } from "../../src/drivers/sandbox/quickjs/driver.ts";
import { createBuiltinToolbox } from "../../src/drivers/tool/builtin/toolbox.ts";
import type { SandboxDriver } from "../../src/kernel/ports.ts";
import { hasBubblewrap, openBubblewrap } from "../bubblewrap.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

let opened = 0;
const quickJs = createQuickJsDriver({ folders: [import.meta.dirname] });

async function openAgent(drivers: readonly SandboxDriver[] | undefined, more: { tools?: readonly string[] } = {}) {
  const agents = more.tools ? { worker: { tools: more.tools } } : {};
  const accessPolicy = accessPolicySchema.parse({ version: 1, defaults: { effect: "declared" }, agents });
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    // Users of the machine are chosen by ids of sandboxes: other tests that run now have others.
    seed: process.pid * 1_000 + opened++,
    drivers: (clock) => [createBuiltinToolbox({ clock })],
    ...(drivers ? { sandboxes: { drivers, openEgress: () => Promise.reject(new Error("nothing leaves here")) } } : {}),
    settings: { accessPolicy },
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
  });
  const program = { kind: "agent" as const, agent: { name: "worker", instructions: "x" }, task: "t" };
  const { pid } = await rig.admin.proc.spawn({ program });
  const client: Client = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
  const call = async (name: string, args: Record<string, unknown>): Promise<string> =>
    client.tool.call({ name, arguments: args }).then(
      ({ content }) => content,
      (cause: { code: string; message: string }) => `${cause.code} ${cause.message}`,
    );
  const names = async () => (await client.tool.list()).tools.map((tool) => tool.name);
  return { rig, pid, client, names, shell: (command: string) => call("shell", { command }), call };
}

describe.runIf(hasBubblewrap)("shell and code", { timeout: 60_000 }, () => {
  test("run in one sandbox of their process, whose folder is there for the next call", async () => {
    await using driver = openBubblewrap();
    const { rig, pid, client, shell, call, names } = await openAgent([quickJs, driver]);
    expect(await names()).toEqual(expect.arrayContaining(["shell", "code"]));
    expect(await shell("echo kept > note; pwd")).toBe("/home/agent");
    expect(await shell("cat note; echo bad >&2; exit 3")).toBe("kept\n[stderr]\nbad\n[exit code 3]");
    expect(await shell("true")).toBe("(no output)");
    expect(await call("code", { language: "python", code: "print(open('note').read(), 6 * 7)" })).toBe("kept\n 42");
    expect(await call("code", { language: "bash", code: "wc -c < note" })).toBe("5");
    expect(await call("code", { language: "javascript", code: "console.log(6 * 7)" })).toBe("42");
    const own = (await client.sandbox.list()).sandboxes;
    expect(own).toMatchObject([{ name: "tools", pid, driver: "bubblewrap" }]);
    // Of another kind under the same name there is none.
    const other = client.sandbox.create({ name: "tools", tier: "wasm" });
    await expect(Promise.resolve(other)).rejects.toMatchObject({ code: "EEXIST" });
    expect((await rig.admin.proc.show({ pid })).seen).toMatchObject({ trust: "untrusted" });
  });

  test("say how much they have left out", async () => {
    await using driver = openBubblewrap();
    const { shell } = await openAgent([driver]);
    const shown = await shell("head -c 100000 /dev/zero | tr '\\0' x");
    expect(shown).toMatch(/^x{60000}\n\[40000 more bytes were printed;/);
  });

  test("are of a process alone: another has a folder of its own", async () => {
    await using driver = openBubblewrap();
    const one = await openAgent([driver]);
    await one.shell("echo kept > note");
    const { pid } = await one.rig.admin.proc.spawn({
      program: { kind: "agent", agent: { name: "other", instructions: "x" }, task: "t" },
    });
    const other = createClient(one.rig.kernel.transport({ ...one.rig.root, pid: asPid(pid) }));
    expect(await other.tool.call({ name: "shell", arguments: { command: "ls -A" } })).toEqual({
      content: "(no output)",
    });
  });
});

test.runIf(hasBubblewrap)("an agent whose policy lists its tools has a shell by shell and sandbox.*", async () => {
  await using driver = openBubblewrap();
  expect(await (await openAgent([driver], { tools: ["shell", "sandbox.*"] })).shell("echo so")).toBe("so");
  expect(await (await openAgent([driver], { tools: ["shell"] })).shell("echo so")).toMatch(
    /^EPOLICY .*sandbox\.create/,
  );
  expect(await (await openAgent([driver], { tools: ["sandbox.*"] })).shell("echo so")).toMatch(/^EPOLICY .*tool\.call/);
});

test("without a sandbox of the process tier there is no shell, and JavaScript alone", async () => {
  const { names, call } = await openAgent([quickJs]);
  expect(await names()).toContain("code");
  expect(await names()).not.toContain("shell");
  expect(await call("code", { language: "javascript", code: "console.log(6 * 7)" })).toBe("42");
  expect(await call("code", { language: "python", code: "print(1)" })).toMatch(
    /^ENOSYS no sandbox of the process tier/,
  );
  expect(await call("shell", { command: "true" })).toMatch(/^ENOSYS no sandbox of the process tier/);
});

test("a kernel without sandboxes offers neither", async () => {
  const { names } = await openAgent(undefined);
  expect((await names()).filter((name) => name === "shell" || name === "code")).toEqual([]);
});
