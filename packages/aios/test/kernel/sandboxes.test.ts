// Sandboxes of processes, on a real bubblewrap.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asPid, manifestSchema } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { openEgressProxy } from "../../src/drivers/egress/proxy.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal, SandboxDriver } from "../../src/kernel/ports.ts";
import type { SandboxPorts } from "../../src/kernel/sandboxes-port.ts";
import { hasBubblewrap, openBubblewrap } from "../bubblewrap.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

let opened = 0;
const noEgress: SandboxPorts["openEgress"] = () => Promise.reject(new Error("nothing leaves here"));
const policy = (more: object = {}) =>
  accessPolicySchema.parse({ version: 1, defaults: { effect: "declared" }, ...more });

const open = (
  driver: SandboxDriver | undefined,
  more: { journal?: Journal; accessPolicy?: ReturnType<typeof policy>; openEgress?: SandboxPorts["openEgress"] } = {},
): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    // Users of the machine are chosen by ids of sandboxes: other tests that run now have others.
    seed: process.pid * 1_000 + opened++,
    sandboxes: { drivers: driver ? [driver] : [], openEgress: more.openEgress ?? noEgress },
    programs: {
      find: (name) => Promise.resolve(manifestSchema.parse({ name, instructions: "x" })),
      run: () => new Promise(() => undefined),
    },
    ...(more.journal ? { journal: more.journal } : {}),
    ...(more.accessPolicy ? { settings: { accessPolicy: more.accessPolicy } } : {}),
  });

async function command(rig: Rig, by: Client = rig.admin, name = "worker"): Promise<{ pid: string; client: Client }> {
  const program = { kind: "agent" as const, agent: name, task: "t" };
  const { pid } = await by.proc.spawn({ program });
  return { pid, client: createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) })) };
}

const failure = (work: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(work).then(
    () => "none",
    (cause: { code: string }) => cause.code,
  );
const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const forever = ["sh", "-c", "echo begun; sleep 1000"];

describe.runIf(hasBubblewrap)("a sandbox of a process", { timeout: 60_000 }, () => {
  test("runs commands one after the other in its folder, and tells what they print as it comes", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { client } = await command(rig);
    const { sandbox, tier, hasEgress } = await client.sandbox.create({});
    expect({ tier, hasEgress }).toEqual({ tier: "process", hasEgress: false });
    await client.sandbox.exec({ sandbox, argv: ["sh", "-c", "cat > note"], input: "grüße" });
    const pieces: string[] = [];
    let result: unknown;
    for await (const event of client.sandbox.exec({
      sandbox,
      argv: ["sh", "-c", "cat note; echo $WORD >&2; exit 3"],
      environment: { WORD: "bad" },
    })) {
      if (event.type === "output.delta") pieces.push(`${event.stream} ${event.text}`);
      if (event.type === "syscall.completed") result = event.result;
    }
    expect(pieces.toSorted()).toEqual(["stderr bad\n", "stdout grüße"]);
    expect(result).toMatchObject({ code: 3, signal: null, stdout: "grüße", stderr: "bad\n", droppedBytes: 0 });
    await client.sandbox.remove({ sandbox });
    expect(await failure(client.sandbox.exec({ sandbox, argv: ["true"] }))).toBe("ENOENT");
    expect(await driver.list()).toEqual([]);
  });

  test("is made for a command that names none, and goes with it", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { client } = await command(rig);
    await client.sandbox.exec({ argv: ["sh", "-c", "echo kept > note"] });
    expect((await client.sandbox.exec({ argv: ["ls"] })).stdout).toBe("");
    expect((await client.sandbox.list()).sandboxes).toEqual([]);
    expect(await driver.list()).toEqual([]);
  });

  test("ends a command that takes too long, and drops what is too much of its output", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { client } = await command(rig);
    const late = await client.sandbox.exec({ argv: forever, wallMs: 300 });
    expect(late).toMatchObject({ code: null, signal: "SIGKILL", exceeded: "wallMs", stdout: "begun\n" });
    const flood = await client.sandbox.exec({ argv: ["head", "-c", "100000", "/dev/zero"], outputBytes: 1_000 });
    expect([flood.stdout.length, flood.droppedBytes]).toEqual([1_000, 99_000]);
  });

  test("is not there for another tenant or a process beside it; who is above sees and removes it, and runs nothing in it", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const parent = await command(rig);
    const child = await command(rig, parent.client);
    const beside = await command(rig);
    const { sandbox } = await child.client.sandbox.create({});
    const other = rig.client("x", "other").client;
    for (const stranger of [beside.client, other]) {
      expect((await stranger.sandbox.list()).sandboxes).toEqual([]);
      expect(await failure(stranger.sandbox.exec({ sandbox, argv: ["true"] }))).toBe("ENOENT");
      expect(await failure(stranger.sandbox.remove({ sandbox }))).toBe("ENOENT");
    }
    expect((await parent.client.sandbox.list()).sandboxes).toMatchObject([{ sandbox, pid: child.pid, commands: 0 }]);
    expect(await failure(parent.client.sandbox.exec({ sandbox, argv: ["true"] }))).toBe("EACCES");
    await parent.client.sandbox.remove({ sandbox });
    expect(await driver.list()).toEqual([]);
  });

  test("ends with its process, and with it what runs in it", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { pid, client } = await command(rig);
    const { sandbox } = await client.sandbox.create({});
    const running = failure(client.sandbox.exec({ sandbox, argv: forever }));
    const fresh = failure(client.sandbox.exec({ argv: forever }));
    await until(async () => (await driver.list()).length === 2);
    await rig.admin.proc.signal({ pid, signal: "kill" });
    expect([await running, await fresh]).toEqual(["ECANCELED", "ECANCELED"]);
    await until(async () => (await driver.list()).length === 0);
  });

  test("is bounded in number by process", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { client } = await command(rig);
    for (let count = 0; count < 16; count++) await client.sandbox.create({});
    expect(await failure(client.sandbox.create({}))).toBe("EAGAIN");
    expect(await failure(client.sandbox.exec({ argv: ["true"] }))).toBe("EAGAIN");
    const [first] = (await client.sandbox.list()).sandboxes;
    await client.sandbox.remove({ sandbox: first!.sandbox });
    await client.sandbox.exec({ argv: ["true"] });
  });

  test("outlives the kernel if its process does; what is on no record is removed by the next one", async () => {
    await using driver = openBubblewrap();
    const journal = createMemoryJournal();
    const before = await open(driver, { journal });
    const { sandbox } = await before.admin.sandbox.create({});
    await before.admin.sandbox.exec({ sandbox, argv: ["sh", "-c", "echo kept > note"] });
    await driver.create({ id: "lost", tenant: before.root.tenant });
    await before.kernel[Symbol.asyncDispose]();
    const after = await open(driver, { journal });
    await until(async () => (await driver.list()).length === 1);
    expect((await after.admin.sandbox.exec({ sandbox, argv: ["cat", "note"] })).stdout).toBe("kept\n");
  });

  test("is never of a weaker tier than the call or the policy wants", async () => {
    await using driver = openBubblewrap();
    const rig = await open(driver);
    const { client } = await command(rig);
    for (const tier of ["wasm", "container", "vm"] as const)
      expect(await failure(client.sandbox.exec({ argv: ["true"], tier }))).toBe("ENOSYS");
    const { sandbox } = await client.sandbox.create({ name: "own" });
    expect(await client.sandbox.create({ name: "own" })).toMatchObject({ sandbox });
    const strict = await open(driver, {
      accessPolicy: policy({ tools: { "sandbox.exec": { effect: "exec", sandbox: "vm" } } }),
    });
    expect(await failure((await command(strict)).client.sandbox.exec({ argv: ["true"] }))).toBe("ENOSYS");
    const none = await open(undefined);
    expect(await failure((await command(none)).client.sandbox.exec({ argv: ["true"] }))).toBe("ENOSYS");
  });

  test("taints its process by what it prints; a person is asked then, where it has a way out", async () => {
    await using driver = openBubblewrap();
    const server = createServer((request, response) => response.end(`plain ${request.url}`));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const rig = await open(driver, {
      accessPolicy: policy({ agents: { reacher: { egress: [`api.test:${port}`] } } }),
      openEgress: ({ id, allowed, tell }) =>
        openEgressProxy({
          socketPath: join(driver.folder, `${id}.way`, "s"),
          allowed,
          resolve: () => Promise.resolve(["127.0.0.1"]),
          openAddresses: [`127.0.0.1:${port}`],
          tell: ({ type, ...body }) => tell({ topic: type, body } as Parameters<typeof tell>[0]),
        }),
    });
    const closed = await command(rig);
    const ask = (host: string) => [
      "python3",
      "-c",
      `import urllib.request as u\ntry: print(u.urlopen("http://${host}:${port}/a", timeout=10).read().decode())\nexcept Exception as no: print("no", no)`,
    ];
    expect((await closed.client.sandbox.exec({ argv: ask("api.test") })).stdout).toMatch(/^no /);
    await closed.client.sandbox.exec({ argv: ["true"] });
    const { pid, client } = await command(rig, rig.admin, "reacher");
    const { sandbox, hasEgress } = await client.sandbox.create({});
    expect(hasEgress).toBe(true);
    expect((await client.sandbox.exec({ sandbox, argv: ask("api.test") })).stdout).toBe("plain /a\n");
    expect((await rig.admin.proc.show({ pid })).seen).toMatchObject({ trust: "untrusted" });
    const second = client.sandbox.exec({ sandbox, argv: ask("other.test") });
    const done = Promise.resolve(second);
    await until(async () => (await rig.admin.approval.list({})).approvals.length === 1);
    const [asked] = (await rig.admin.approval.list({})).approvals;
    await rig.admin.approval.answer({ id: asked!.id, isApproved: true });
    expect((await done).stdout).toMatch(/^no .*403/);
    const news = (await rig.events()).filter(({ topic }) => topic.startsWith("egress."));
    expect(news.map(({ topic, pid: of, body }) => [topic, of, (body as { sandbox: string }).sandbox])).toEqual([
      ["egress.permitted", pid, sandbox],
      ["egress.closed", pid, sandbox],
      ["egress.refused", pid, sandbox],
    ]);
    server.close();
  });

  test("reaches no further, and has no other secrets, than the agents above its process", async () => {
    await using driver = openBubblewrap();
    const doors = new Map<string, Parameters<SandboxPorts["openEgress"]>[0]>();
    const rig = await open(driver, {
      accessPolicy: policy({
        agents: {
          wide: { egress: ["*.example.org:443", "b.test:443"], secrets: ["bank", "mail"] },
          narrow: { egress: ["api.example.org:443", "c.test:443"], secrets: ["mail", "shop"] },
          shut: { tools: ["*", "sandbox.*"] },
        },
      }),
      openEgress: (door) => {
        doors.set(door.pid, door);
        const { id, allowed } = door;
        return openEgressProxy({ socketPath: join(driver.folder, `${id}.way`, "s"), allowed, tell: () => undefined });
      },
    });
    const reach = async (name: string, by?: Client): Promise<{ client: Client; reach: unknown }> => {
      const program = by
        ? { kind: "agent" as const, agent: name, task: "t" }
        : { kind: "command" as const, command: ["x"], cwd: "/" };
      const { pid } = await (by ?? rig.admin).proc.spawn({ program, name });
      const client = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
      const { hasEgress } = await client.sandbox.create({});
      const door = doors.get(pid);
      return { client, reach: hasEgress && door ? [...door.allowed(), "|", ...door.secrets()] : "nothing" };
    };
    const wide = await reach("wide");
    expect(wide.reach).toEqual(["*.example.org:443", "b.test:443", "|", "bank", "mail"]);
    expect((await reach("narrow", wide.client)).reach).toEqual(["api.example.org:443", "|", "mail"]);
    // Whom no row names binds nobody; whom one names reaches what it says, and without a list of hosts that is nothing.
    const unnamed = await reach("unnamed");
    expect((await reach("narrow", unnamed.client)).reach).toEqual([
      "api.example.org:443",
      "c.test:443",
      "|",
      "mail",
      "shop",
    ]);
    expect((await reach("wide", (await reach("shut")).client)).reach).toBe("nothing");
  });
});
