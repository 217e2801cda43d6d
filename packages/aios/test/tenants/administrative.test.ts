// What is a person's is no program's: nothing administrative is done under a process key, by whatever way the call comes.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { canonicalJson, isSysError, specOf, syscallTable } from "@aiosjs/sdk/protocol";
import type { SyscallName, Transport } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemHash } from "../../src/drivers/random/system.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Driver, Principal } from "../../src/kernel/ports.ts";
import { serve } from "../../src/server/server.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import type { FileRig } from "../file-rig.ts";
import { refusal } from "../writer-rig.ts";
import { argumentsOf, isParsed } from "./arguments.ts";

const names = Object.keys(syscallTable) as SyscallName[];
const administrative = names.filter((name) => specOf(name).isAdministrative === true);

describe("the table says administrative", () => {
  /** Devices that programs work with. Whoever adds another one says here what of it is a person's. */
  const ofPrograms: Readonly<Record<string, readonly string[]>> = {
    llm: [],
    proc: ["debug", "release", "limits"],
    pipe: [],
    topic: [],
    fs: ["mount", "unmount", "reindex", "indexing", "verify"],
    mem: ["verify"],
    tool: [],
    value: [],
    group: ["create", "add", "remove", "delete"],
    call: [],
    budget: ["set"],
    sandbox: [],
    sys: ["refresh", "shutdown"],
  };

  test("of every syscall of a device that is a person's, and of what changes other processes' rights in the others", () => {
    const missing = names.filter((name) => {
      const [device = "", verb = ""] = name.split(".");
      return (ofPrograms[device]?.includes(verb) ?? true) && specOf(name).isAdministrative !== true;
    });
    expect(missing).toEqual([]);
  });
});

/** Arguments that the table takes: what refuses the call is not what it says. */
function anyArgs(name: SyscallName): unknown {
  const random = createSeededRandom(names.indexOf(name) + 1);
  const texts = ["none", "local", "process:none", "@daily", "tenant:local", "/shared", "x"];
  const pick = (): string => texts[Math.floor(random.next() * texts.length)] as string;
  for (let tries = 0; tries < 2_000; tries++) {
    const args = argumentsOf(name, { random: () => random.next(), pick });
    if (isParsed(name, args)) return args;
  }
  throw new Error(`no arguments found for ${name}`);
}

const refused = /^EACCES .* is administrative and never allowed under a process key$/;

/** The question that waits for a person. */
async function asked({ admin, clock }: FileRig) {
  for (let turn = 0; turn < 1_000; turn++) {
    const [question] = (await admin.approval.list({})).approvals;
    if (question) return question;
    await clock.run(clock.nowMs() + 1);
  }
  throw new Error("nobody asks a person");
}

describe("under a process key", () => {
  let rig: FileRig;
  /** What programs of each kind were given to call the kernel by. */
  const transports = new Map<string, Transport>();
  const run = new Map<string, Client>();
  let command: { pid: string; key: string; principal: Principal };

  /** A tool that calls what it is told to. */
  const proxy: Driver & { tools: () => object[] } = {
    name: "proxy",
    device: "tool",
    concurrency: 64,
    tools: () => [{ name: "proxy", description: "", parameters: { type: "object" }, effect: "idempotent" }],
    async *execute(_name, args, context) {
      const { name, args: inner } = (args as { arguments: { name: string; args: unknown } }).arguments;
      const content = await context.syscall(name, inner).then(
        () => "done",
        (cause: unknown) => (isSysError(cause) ? `${cause.code} ${cause.message}` : String(cause)),
      );
      yield [{ type: "result", result: { content } }];
    },
  };

  beforeAll(async () => {
    rig = await openFileRig({
      drivers: () => [proxy],
      host: { signal: () => true, isAlive: () => true, isWithin: () => true },
      programs: {
        find: () => Promise.reject(new Error("no programs here")),
        run: ({ pid, transport }) => {
          transports.set(pid, transport);
          return new Promise(() => undefined);
        },
      },
    });
    const agent = { kind: "agent" as const, agent: { name: "a", instructions: "x" }, task: "t" };
    const spawned = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
    command = {
      pid: spawned.pid,
      key: spawned.key as string,
      principal: rig.kernel.authenticate(spawned.key as string),
    };
    const own = createClient(rig.kernel.transport(command.principal));
    const child = await own.proc.spawn({ program: { kind: "command", command: ["y"], cwd: "/" } });
    const begun = await rig.admin.proc.spawn({ program: agent });
    const below = await own.proc.spawn({ program: agent });
    const module = await rig.admin.proc.spawn({ program: { kind: "module", file: "/x.ts", task: "t" } });
    const timer = await rig.admin.cron.add({ schedule: "@yearly", program: { program: agent } });
    const timed = await rig.admin.cron.run({ id: timer.id });
    const restarted = await rig.admin.proc.spawn({
      program: { kind: "command", command: ["z"], cwd: "/", restart: "always" },
    });
    const again = await rig.admin.proc.restart({ pid: restarted.pid });
    await rig.events();
    const byKey = (key: string | null): Client =>
      createClient(rig.kernel.transport(rig.kernel.authenticate(key as string)));
    const byProgram = ({ pid }: { pid: string }): Client => createClient(transports.get(pid) as Transport);
    run.set("a command", own);
    run.set("a command that a command started", byKey(child.key));
    run.set("a command that was started again", byKey(again.key));
    run.set("an agent", byProgram(begun));
    run.set("an agent that a command started", byProgram(below));
    run.set("a module", byProgram(module));
    run.set("an agent that a timer started", byProgram(timed));
  });
  afterAll(async () => {
    await rig.kernel[Symbol.asyncDispose]();
    await removeFileFolders();
  });

  const callBy = (client: Client, name: SyscallName): Promise<string> => {
    const [device, verb] = name.split(".") as [string, string];
    const devices = client as unknown as Record<string, Record<string, (args: unknown) => PromiseLike<unknown>>>;
    return refusal(Promise.resolve(devices[device]?.[verb]?.(anyArgs(name))));
  };

  test.each(administrative)("%s is refused to every program", async (name) => {
    for (const [who, client] of run) expect(await callBy(client, name), who).toMatch(refused);
  });

  test.each(administrative)("%s is refused to a tool that works for a program", async (name) => {
    for (const who of ["a command", "an agent"]) {
      const client = run.get(who) as Client;
      const call = Promise.resolve(
        client.tool.call({ name: "proxy", arguments: { name, args: anyArgs(name) as never } }),
      );
      expect((await rig.clock.run(call)).content).toMatch(refused);
    }
  });

  test("steps of fs.do are calls of who sends them, also with an approval that it has made itself", async () => {
    const own = run.get("a command") as Client;
    const steps = [
      {
        call: "fs.mount" as const,
        args: { folder: "/", name: "all" },
        risk: "reads" as const,
        isUndoable: true,
        needsAsking: false,
      },
    ];
    const approval = systemHash.sha256(canonicalJson(["fs.do", "local", command.pid, steps]));
    const doing = Promise.resolve(own.fs.do({ steps, approval }));
    // A person says yes to what it asks as a whole; that makes its steps no others.
    const question = await asked(rig);
    await rig.admin.approval.answer({ id: question.id, isApproved: true });
    const { outcomes } = await rig.clock.run(doing);
    expect(outcomes).toMatchObject([{ is: "failed", error: { code: "EACCES" } }]);
    expect((await rig.admin.fs.mounts({})).mounts).toEqual([]);
  });

  test("by HTTP no header and no address makes a person of a program", async () => {
    await using server = await serve(rig.kernel, { port: 0, graceMs: 0 });
    const { pid } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
    const ask = async (path: string, headers: Record<string, string>, name: SyscallName): Promise<Response> =>
      fetch(`${server.url}${path}/v1/syscalls/${name}`, {
        method: "POST",
        headers,
        body: JSON.stringify(anyArgs(name)),
      });
    const bearer = { authorization: `Bearer ${command.key}` };
    const disguises = [
      bearer,
      { "x-api-key": command.key },
      { ...bearer, "x-aios-pid": pid },
      { ...bearer, "x-aios-pid": "" },
      { ...bearer, "x-aios-tenant": "local", "x-aios-key": "root", "x-session-id": "person" },
      { ...bearer, "idempotency-key": "NAME", "x-stainless-retry-count": "1" },
      { ...bearer, "x-aios-replay-key": "1" },
    ];
    for (const name of administrative)
      for (const headers of disguises) {
        const once = Object.hasOwn(headers, "idempotency-key") ? { "idempotency-key": name } : {};
        const response = await ask("", { ...headers, ...once } as Record<string, string>, name);
        const told = (await response.json()) as { code: string };
        expect([response.status, told.code], `${name} ${JSON.stringify(headers)}`).toEqual([403, "EACCES"]);
      }
    for (const path of [`/k/${command.key}`, `/k/${command.key}/..`]) {
      const response = await ask(path, {}, "key.list");
      expect([401, 403, 404]).toContain(response.status);
    }
  }, 60_000);

  test("a question about a program's call is answered by no key that it has, or can get", async () => {
    const own = run.get("a command") as Client;
    await own.fs.write({ path: "plan.md", content: "x" });
    const sharing = Promise.resolve(own.fs.share({ path: "plan.md" }));
    sharing.catch(() => undefined);
    const question = await asked(rig);
    expect(question).toMatchObject({ pid: command.pid, kind: "gate" });
    const { id } = question;
    const tokens = new Set([command.key]);
    const program = { kind: "command" as const, command: ["x"], cwd: "/", restart: "always" as const };
    const child = await own.proc.spawn({ program });
    tokens.add(child.key as string);
    tokens.add((await own.proc.restart({ pid: child.pid })).key);
    for (const told of [
      await own.proc.list({}),
      await own.budget.show({}),
      await own.proc.trace({ pid: command.pid, tree: true }),
    ])
      for (const token of JSON.stringify(told).match(/aios_sk_[0-9a-z]{8}_[0-9a-z]{32}/g) ?? []) tokens.add(token);
    let tried = 0;
    for (const token of tokens) {
      const principal = ((): Principal | undefined => {
        try {
          return rig.kernel.authenticate(token);
        } catch {
          return undefined; // a key that a new start has made void
        }
      })();
      if (!principal) continue;
      tried++;
      const { approval } = createClient(rig.kernel.transport(principal));
      for (const told of [approval.answer({ id, isApproved: true }), approval.show({ id }), approval.list({})])
        expect(await refusal(Promise.resolve(told) as Promise<unknown>)).toMatch(refused);
      // Nor does a name of a process in the call.
      const named = createClient(rig.kernel.transport(principal, command.pid as never));
      expect(await refusal(named.approval.answer({ id, isApproved: true }))).toMatch(refused);
    }
    expect(tried).toBeGreaterThanOrEqual(2);
    expect((await rig.admin.approval.list({})).approvals.map((one) => one.id)).toEqual([id]);
    await rig.admin.approval.answer({ id, isApproved: true });
    expect((await rig.clock.run(sharing)).link).toMatch(/^\/s\//);
  });
});
