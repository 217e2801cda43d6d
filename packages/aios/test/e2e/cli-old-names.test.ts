import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
  const { code, err } = await aios.run(["start", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

const clerk = join(import.meta.dirname, "../../agents/clerk");
/** As the predecessor laid out its agents. */
const pythonAgent = async (): Promise<string> => {
  const folder = join(aios.home, "python_agent");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), '{"name": "python_agent", "build": {"entry": "entry.py"}}');
  return folder;
};

test(
  "run-agent runs a folder's agent, or one by name, and says that there is no hub",
  async () => {
    const task = ["--task_input", "Calculate 6 * 7"];
    const local = await aios.run(["run-agent", "--mode", "local", "--agent_path", clerk, ...task]);
    expect(local.code, local.err).toBe(0);
    expect(local.out).toContain("42");
    const remote = await aios.run([
      "run-agent",
      "--mode",
      "remote",
      "--agent_author",
      "a",
      "--agent_name",
      "clerk",
      ...task,
    ]);
    expect(remote.code, remote.err).toBe(0);
    expect(remote.err).toContain("there is no hub here");
  },
  timeoutMs,
);

test(
  "run-agent tells what is missing, and that a Python agent is started as a command",
  async () => {
    const noTask = await aios.run(["run-agent", "--agent_name", "clerk"]);
    expect(noTask).toMatchObject({ code: 2, err: "aios: say what to do: --task_input TEXT\n" });
    const noAgent = await aios.run(["run-agent", "--task", "x"]);
    expect(noAgent.code).toBe(2);
    expect(noAgent.err).toContain("--agent_name NAME");
    const folder = await pythonAgent();
    const python = await aios.run(["run-agent", "--agent_path", folder, "--task", "x"]);
    expect(python.code).toBe(2);
    expect(python.err).toContain(`aios run -- python ${join(folder, "entry.py")}`);
  },
  timeoutMs,
);

test(
  "submit returns with the pid at once, tasks lists it with the nice value of its priority",
  async () => {
    const submitted = await aios.run([
      "submit",
      "-q",
      "--desc",
      "Calculate 3 * 4",
      "--type",
      "code",
      "--priority",
      "high",
    ]);
    expect(submitted.code, submitted.err).toBe(0);
    const pid = submitted.out.trim();
    const { processes } = await aios.data<{ processes: ProcessView[] }>(["tasks"]);
    expect(processes).toContainEqual(expect.objectContaining({ pid, name: "code", nice: -10 }));
    expect((await aios.run(["wait", pid])).code).toBe(0);
    expect((await aios.run(["submit"])).code).toBe(2);
  },
  timeoutMs,
);

test(
  "list-agents shows the agents of the home before those that are shipped",
  async () => {
    const folder = join(aios.home, "programs", "clerk");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "agent.yaml"), "name: clerk\ndescription: mine\ninstructions: Be brief.\n");
    const agents = await aios.data<{ name: string; description: string }[]>(["list-agents"]);
    expect(agents).toContainEqual({ name: "clerk", description: "mine", folder });
    expect(agents.map(({ name }) => name)).toContain("analyst");
  },
  timeoutMs,
);

test(
  "the old names are understood and not listed; benchmark takes only what bench can measure",
  async () => {
    const { out } = await aios.run(["help"]);
    for (const name of ["run-agent", "list-agents", "submit", "tasks", "benchmark"]) {
      expect(out).not.toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
      expect((await aios.run(["help", name])).out).toContain(`aios ${name}`);
    }
    const { code, err } = await aios.run(["benchmark", "--module", "heartbeat"]);
    expect(code).toBe(2);
    expect(err).toContain("storm, overhead");
  },
  timeoutMs,
);
