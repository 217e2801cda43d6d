// Tools of an agent that has to do with other agents. What they do they do by syscalls of its process, so that labels are the kernel's.
import type { Exit, Note } from "@aiosjs/sdk/protocol";
import type { DriverContext } from "../../../kernel/ports.ts";
import { text } from "../world.ts";
import type { Args } from "../world.ts";
import type { AgentTool } from "../world-toolbox.ts";

/** They add nothing to what the syscalls tell. */
const nothing = { returns: { trust: "kernel", conf: "public" } } as const;
const reads = { effect: "read", gate: "L0", irreversible: false, ...nothing } as const;
const writes = { effect: "write", gate: "L1", irreversible: false, ...nothing } as const;

/** What anybody may write on. */
export const notices = (said: string): AgentTool => ({
  name: "read_notices",
  description: "The notice board of the house.",
  parameters: {},
  effect: "pure",
  access: { effect: "read", gate: "L0", irreversible: false, returns: { trust: "untrusted", conf: "public" } },
  run: async () => `NOTICES\n${said}`,
});

/** Fails, and what it says of that is what others have written. */
export const brokenNotices = (said: string): AgentTool => ({
  ...notices(said),
  run: () => Promise.reject(new Error(`the notice board cannot be read: ${said}`)),
});

/** Has the question worked on by an agent of its own. */
export const askHelper = (tools: readonly string[]): AgentTool => ({
  name: "ask_helper",
  description: "Have a helper do something, and hear what came of it.",
  parameters: { task: "text" },
  effect: "unsafe",
  access: { ...writes, effect: "exec" },
  async run(args, context) {
    const agent = { name: "helper", instructions: "Do what you are asked.", tools: [...tools], maxSteps: 20 };
    const program = { kind: "agent", agent, task: text(args, "task") };
    const { pid } = (await context.syscall("proc.spawn", { program })) as { pid: string };
    const { result } = (await context.syscall("proc.wait", { pid })) as Exit;
    return typeof result === "string" ? result : "no answer";
  },
});

/** Has something done by an agent that is told in the caller's words who it is. */
export const hireHelper: AgentTool = {
  name: "hire_helper",
  description: "Have a helper of your own making do something.",
  parameters: { instructions: "text: who it is", task: "text" },
  effect: "unsafe",
  access: { ...writes, effect: "exec" },
  async run(args, context) {
    const agent = { name: "helper", instructions: text(args, "instructions"), tools: ["*"], maxSteps: 20 };
    const program = { kind: "agent", agent, task: text(args, "task") };
    const { pid } = (await context.syscall("proc.spawn", { program })) as { pid: string };
    const { result } = (await context.syscall("proc.wait", { pid })) as Exit;
    return typeof result === "string" ? result : "no answer";
  },
};

/** Starts one that will tell what the notice board says, and does not wait for it. */
export const startMessenger = (task: string): AgentTool => ({
  name: "start_messenger",
  description: "Have somebody look at the notice board; they will send a message.",
  parameters: {},
  effect: "unsafe",
  access: { ...writes, effect: "exec" },
  async run(_, context) {
    const agent = {
      name: "messenger",
      instructions: "Pass on what you read.",
      tools: ["read_notices", "send_to_starter"],
    };
    await context.syscall("proc.spawn", { program: { kind: "agent", agent, task } });
    return "they are on their way";
  },
});

export const sendToStarter: AgentTool = {
  name: "send_to_starter",
  description: "Send whoever started you a message.",
  parameters: { text: "text" },
  effect: "unsafe",
  access: writes,
  async run(args, context) {
    const { parent } = (await context.syscall("proc.show", { pid: context.pid })) as { parent: string };
    await context.syscall("proc.send", { pid: parent, body: text(args, "text") });
    return "sent";
  },
};

export const takeMessage: AgentTool = {
  name: "take_message",
  description: "The next message of another agent; waits for one.",
  parameters: {},
  effect: "unsafe",
  access: reads,
  run: async (_, context) => bodyOf(await context.syscall("proc.receive", { timeoutMs: 60_000 })),
};

export const noteTools: readonly AgentTool[] = [
  {
    name: "remember",
    description: "Keep a text for later sessions.",
    parameters: { text: "text" },
    effect: "idempotent",
    access: writes,
    async run(args, context) {
      await context.syscall("mem.add", { namespace: "agent:assistant", content: text(args, "text") });
      return "kept";
    },
  },
  {
    name: "recall",
    description: "What was kept that has to do with something.",
    parameters: { query: "text" },
    effect: "pure",
    access: reads,
    async run(args, context: DriverContext) {
      const { hits } = (await context.syscall("mem.search", { query: text(args, "query") })) as {
        hits: { note: Note }[];
      };
      return hits.map(({ note }) => note.content).join("\n");
    },
  },
];

const TOPIC = "house.notices";

export const topicTools: readonly AgentTool[] = [
  {
    name: "announce",
    description: "Tell all agents something.",
    parameters: { text: "text" },
    effect: "unsafe",
    access: writes,
    async run(args, context) {
      await context.syscall("topic.publish", { topic: TOPIC, body: text(args, "text") });
      return "announced";
    },
  },
  {
    name: "read_announcements",
    description: "What agents have announced.",
    parameters: {},
    effect: "pure",
    access: reads,
    async run(_, context) {
      const { events } = (await context.syscall("topic.peek", { pattern: TOPIC })) as { events: { body: unknown }[] };
      return events.map(bodyOf).join("\n");
    },
  },
];

export const publicFile: readonly AgentTool[] = [
  {
    name: "keep_file",
    description: "Write a file for all agents.",
    parameters: { path: "text", text: "text" },
    effect: "idempotent",
    access: writes,
    async run(args, context) {
      await context.syscall("fs.write", { path: text(args, "path"), content: text(args, "text") });
      return "written";
    },
  },
  {
    name: "look_at_file",
    description: "Read a file.",
    parameters: { path: "text" },
    effect: "pure",
    access: reads,
    run: async (args, context) =>
      ((await context.syscall("fs.read", { path: text(args, "path") })) as { content: string }).content,
  },
];

const fileTool = (
  name: string,
  parameters: Readonly<Record<string, string>>,
  syscallOf: (args: Args) => readonly [string, object],
): AgentTool => ({
  name,
  description: "Something with files for all agents.",
  parameters,
  effect: "idempotent",
  access: writes,
  async run(args, context) {
    await context.syscall(...syscallOf(args));
    return "done";
  },
});

const fromTo = (args: Args) => ({ from: text(args, "from"), to: text(args, "to") });
const pathAndText = (args: Args) => ({ path: text(args, "path"), content: text(args, "text") });

export const keptFiles: readonly AgentTool[] = [
  fileTool("move_file", { from: "text", to: "text" }, (args) => ["fs.move", fromTo(args)]),
  fileTool("copy_file", { from: "text", to: "text" }, (args) => ["fs.copy", fromTo(args)]),
  fileTool("append_file", { path: "text", text: "text" }, (args) => ["fs.append", pathAndText(args)]),
  {
    name: "list_shared",
    description: "Names of the files for all agents.",
    parameters: {},
    effect: "pure",
    access: reads,
    async run(_, context) {
      const { entries } = (await context.syscall("fs.list", { path: "/shared" })) as { entries: { name: string }[] };
      return entries.map(({ name }) => name).join("\n");
    },
  },
];

export const valueTools: readonly AgentTool[] = [
  {
    name: "put_value",
    description: "Keep a value for all agents.",
    parameters: { key: "text", text: "text" },
    effect: "idempotent",
    access: writes,
    async run(args, context) {
      await context.syscall("value.put", { scope: "house", key: text(args, "key"), value: text(args, "text") });
      return "kept";
    },
  },
  {
    name: "get_value",
    description: "A value that agents have kept.",
    parameters: { key: "text" },
    effect: "pure",
    access: reads,
    async run(args, context) {
      const { value } = (await context.syscall("value.get", { scope: "house", key: text(args, "key") })) as {
        value: unknown;
      };
      return String(value);
    },
  },
  {
    name: "list_values",
    description: "Keys of the values that agents have kept.",
    parameters: {},
    effect: "pure",
    access: reads,
    run: async (_, context) => JSON.stringify(await context.syscall("value.list", { scope: "house" })),
  },
];

/** Of a stranger: what it says of itself is theirs. */
export const weatherTool = (said: string): AgentTool => ({
  name: "get_weather",
  isForeign: true,
  description: `The weather of a city. ${said}`,
  parameters: { city: "text" },
  effect: "pure",
  access: { effect: "read", gate: "L0", irreversible: false, returns: { trust: "untrusted", conf: "public" } },
  run: async () => "sunny",
});

const bodyOf = (message: unknown): string => String((message as { body: unknown }).body);
