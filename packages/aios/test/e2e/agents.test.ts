// The agents that ship with the system, as processes of a real kernel with the simulated core.
import { createClient, manifestSchema } from "@aiosjs/sdk";
import { readdir, readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createDisk } from "../../src/drivers/fs/disk.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { createHost } from "../../src/drivers/proc/host.ts";
import { createLogs } from "../../src/drivers/proc/logs.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { systemHash } from "../../src/drivers/random/system.ts";
import { createBuiltinToolbox } from "../../src/drivers/tool/builtin/toolbox.ts";
import { createKernel } from "../../src/kernel/kernel.ts";
import { rootKey } from "./open-doors.ts";
import { testSettings } from "../rig.ts";

const quick = { ttftMs: 0, iterationMs: 1, perSequenceMs: 0, outputTokens: 40 };

async function openSystem() {
  const home = await mkdtemp(join(tmpdir(), "aios-agents-"));
  const toolbox = createBuiltinToolbox({ clock: realClock });
  const logs = createLogs({ folder: join(home, "logs") });
  const sim = createSimCore({ clock: realClock, ...quick });
  const slow = createSimCore({ clock: realClock, ...quick, name: "slow", outputTokens: 50_000, outputSigma: 0 });
  const cores = [sim, slow];
  const kernel = await createKernel({
    clock: realClock,
    random: createSeededRandom(1),
    hash: systemHash,
    journal: createMemoryJournal(),
    settings: { ...testSettings, graceMs: 0 },
    cores,
    drivers: [toolbox],
    disk: createDisk({ root: join(home, "files") }),
    host: createHost(),
    logs,
    programs: createPrograms({ folders: [] }),
    reload: () => Promise.reject(new Error("there is nothing to read again")),
    onShutdown: () => undefined,
    rootKey,
  });
  const client = createClient(kernel.transport(kernel.authenticate(rootKey)));
  return {
    client,
    toolbox,
    slow,
    filesOf: (pid: string) => join(home, "files", "local", pid),
    async run(agent: string, task: string) {
      const { pid } = await client.proc.spawn({ program: { kind: "agent", agent, task, model: "sim/sim" } });
      const exit = await client.proc.wait({ pid });
      let log = "";
      for await (const event of client.proc.logs({ pid })) if (event.type === "output.delta") log += event.text;
      return { pid, exit, log };
    },
    async [Symbol.asyncDispose]() {
      await kernel[Symbol.asyncDispose]();
      await toolbox[Symbol.asyncDispose]();
      await logs[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

let system: Awaited<ReturnType<typeof openSystem>>;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const tasks: Record<string, string> = {
  analyst: "Compute (1250 - 980) / 980 * 100 with the calculator and write the result to report.md.",
  clerk: "Use date to tell the difference between 2026-03-01 and 2026-04-15.",
  librarian: 'Write "tea, rice" to shopping.md, then list the files.',
  planner: "Plan a move to another city by the end of next month.",
  reviewer: "Review this sentence: The moon is made of cheese.",
};

test("every shipped agent has a task here, and asks for tools that there are", async () => {
  const agents = await readdir(new URL("../../agents", import.meta.url));
  expect(agents.toSorted()).toEqual(Object.keys(tasks).toSorted());
  const offered = system.toolbox.tools().map(({ name }) => name);
  for (const agent of agents) {
    const manifest = await createPrograms({ folders: [] }).find(agent);
    expect(offered).toEqual(expect.arrayContaining(manifest.tools));
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
  }
});

test.each(Object.entries(tasks))("%s runs to its end with real tools", async (agent, task) => {
  const { pid, exit, log } = await system.run(agent, task);
  expect(exit, log).toMatchObject({ code: 0, reason: "finished" });
  const { output } = await createPrograms({ folders: [] }).find(agent);
  if (output)
    expect(z.fromJSONSchema(output as z.core.JSONSchema.JSONSchema).safeParse(exit.result)).toMatchObject({
      success: true,
    });
  else expect(log).toContain(String(exit.result).trim().split("\n")[0]);
  const { calls } = await system.client.proc.trace({ pid });
  // A tool may refuse what the simulated model made up; then the log shows that the model was told.
  const failed = calls.filter(({ state }) => state === "failed").map(({ name }) => name);
  expect(failed.filter((name) => name === "llm.chat")).toEqual([]);
  expect(failed.filter((name) => name === "tool.call").length).toBe(log.match(/^✗ /gm)?.length ?? 0);
  expect(calls.filter(({ name }) => name === "tool.call").length).toBe(log.match(/^→ /gm)?.length ?? 0);
  if (agent === "analyst") {
    expect(log).toContain("← calculator 27.551020408163265306");
    expect(await readFile(join(system.filesOf(pid), "report.md"), "utf8")).toMatch(/\S/);
  }
  if (agent === "clerk") expect(log).toContain("← date 1 month 14 days (in all 45 whole days, 3888000 seconds)");
});

test("killing an agent ends its call at the core, and its exit says so", async () => {
  const program = { kind: "agent" as const, agent: "analyst", task: "Tell me about clocks.", model: "slow/sim" };
  const { pid } = await system.client.proc.spawn({ program });
  for await (const event of system.client.proc.logs({ pid, follow: true }))
    if (event.type === "output.delta" && system.slow.running > 0) {
      await system.client.proc.signal({ pid, signal: "kill" });
    }
  expect(await system.client.proc.wait({ pid })).toMatchObject({ code: null, signal: "SIGKILL" });
  expect((await system.client.proc.trace({ pid })).calls.at(-1)).toMatchObject({ name: "llm.chat", code: "ECANCELED" });
  while (system.slow.running > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("an agent whose budget buys nothing says in its log that it waits and what lets it go on, and then goes on", async () => {
  const limits = [{ resource: "tokens" as const, window: "run" as const, limit: 100 }];
  const program = { kind: "agent" as const, agent: "planner", task: "a plan", model: "sim/sim" };
  const { pid } = await system.client.proc.spawn({ program, limits });
  let log = "";
  for await (const event of system.client.proc.logs({ pid, follow: true })) {
    if (event.type === "output.delta") log += event.text;
    if (log.includes("\n  →")) break;
  }
  expect(log).toMatch(/^‖ suspended: .* \(100 per run\).*\n  → aios limits \w+ RESOURCE=NUMBER lets it go on\n$/);
  await system.client.budget.set({ scope: `process:${pid}`, limits: [{ ...limits[0]!, limit: 50_000 }] });
  expect(await system.client.proc.wait({ pid })).toMatchObject({ code: 0 });
});

test("an agent that fails says in its log why, and what to do next", async () => {
  const program = { kind: "agent" as const, agent: "planner", task: "a plan", model: "sim/nothing" };
  const { pid } = await system.client.proc.spawn({ program });
  await system.client.proc.wait({ pid });
  let log = "";
  for await (const event of system.client.proc.logs({ pid })) if (event.type === "output.delta") log += event.text;
  expect(log).toMatch(/^ENOENT: no model "nothing" on core sim\n  → "aios llm ls" lists what is there.*\n$/);
});

test("an agent that is not there, and a broken manifest, are refused at the door", async () => {
  const spawn = (agent: never) => system.client.proc.spawn({ program: { kind: "agent", agent, task: "x" } });
  await expect(spawn("anlyst" as never)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(spawn({ name: "x" } as never)).rejects.toMatchObject({ code: "EINVAL" });
});
