import { expect, test } from "vitest";
import { SysError, toProblem } from "../errors.ts";
import type { SysEvent } from "../events.ts";
import { asCallId, asPid } from "../ids.ts";
import type { ChatArgs, ChatResult, Message } from "../syscalls/llm.ts";
import type { Transport } from "../transport.ts";
import { noUsage } from "../usage.ts";
import { defineAgent } from "./define-agent.ts";
import { defineTool } from "./define-tool.ts";
import type { AgentEvent } from "./think-act.ts";

const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };
const tokenize = (args: ChatArgs): number => Math.ceil(JSON.stringify(args.messages).length / 3.5);

interface KernelOptions {
  /** What the model takes; longer requests are refused as this upstream words it. */
  readonly contextTokens: number;
  /** Whether `llm.models` tells. Default true. */
  readonly isTold?: boolean;
  /** Steps that call the tool before the model answers. */
  readonly steps: number;
  /** Absent: the model sums up. */
  readonly summary?: string;
  readonly mayNote?: boolean;
}

/** A kernel with one model that reads `steps` pages by a tool, and refuses what is too long for it. */
function kernelWith({
  contextTokens,
  isTold = true,
  steps,
  summary = "so far so good",
  mayNote = true,
}: KernelOptions) {
  const calls: string[] = [];
  const requests: ChatArgs[] = [];
  const noted: unknown[] = [];
  let page = 0;
  const chat = (args: ChatArgs): { result: ChatResult; tokens: number } => {
    const tokens = tokenize(args);
    if (tokens > contextTokens)
      throw new SysError(
        "EINVAL",
        `core up answered 400: This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${tokens} tokens.`,
      );
    requests.push(args);
    const isSummary = args.callSite?.endsWith(":summary") === true;
    const isDone = isSummary || ++page > steps;
    const read = { id: `page-${page}`, name: "read", arguments: `{"page":${page}}` };
    const message = isDone
      ? { role: "assistant" as const, content: isSummary ? summary : "done" }
      : { role: "assistant" as const, content: null, toolCalls: [read] };
    return { result: { message, finishReason: isDone ? "stop" : "tool-calls", model: "up/m" }, tokens };
  };
  const answer = (name: string, args: unknown): { result: unknown; tokens?: number } => {
    calls.push(name);
    if (name === "llm.models")
      return {
        result: {
          models: [
            {
              id: "m",
              core: "up",
              kind: "openai",
              isSimulated: false,
              serves: ["llm.chat"],
              ...(isTold ? { contextTokens } : {}),
            },
          ],
          aliases: {},
        },
      };
    if (name === "llm.count")
      return { result: { inputTokens: tokenize(args as ChatArgs), isExact: true, model: "up/m" } };
    if (name === "proc.compact") {
      if (!mayNote) throw new SysError("EACCES", "proc.compact is not among the capabilities");
      noted.push(args);
      return { result: {} };
    }
    return chat(args as ChatArgs);
  };
  const transport: Transport = {
    async *syscall(name, args) {
      yield [{ type: "syscall.queued", call: asCallId("c"), pid: asPid("p"), name, atMs: 0 }];
      let last: SysEvent;
      try {
        const { result, tokens = 0 } = answer(name, args);
        last = { type: "syscall.completed", result, usage: { ...noUsage, inputTokens: tokens }, timing };
      } catch (cause) {
        last = { type: "syscall.failed", error: toProblem(cause as SysError), usage: noUsage, timing };
      }
      yield [last];
    },
  };
  return { transport, calls, requests, noted };
}

const read = defineTool({
  name: "read",
  description: "Reads a page.",
  parameters: { type: "object" },
  run: ({ page }) => `page ${String(page)}: ${"lorem ipsum ".repeat(40)}`,
});
const reader = { name: "reader", instructions: "Read.", tools: [read], maxSteps: 100 };

async function run(kernel: { transport: Transport }, more: object = {}) {
  const events: AgentEvent[] = [];
  const agent = defineAgent({ ...reader, ...more });
  for await (const event of agent.stream("Read it all", kernel)) events.push(event);
  const last = events.at(-1);
  if (last?.type !== "agent.completed") throw new Error("no end");
  return { result: last.result, compactions: events.filter((event) => event.type === "context.compacted") };
}

const pages = (messages: readonly Message[]) => messages.filter(({ role }) => role === "tool").length;

test("an agent that reads more than its model takes comes to its end, and never asks too much", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, steps: 60 });
  const { result, compactions } = await run(kernel);
  expect(result.output).toBe("done");
  expect(compactions.length).toBeGreaterThan(3);
  expect(new Set(compactions.map(({ mode }) => mode))).toEqual(new Set(["summary"]));
  for (const request of kernel.requests) expect(tokenize(request)).toBeLessThanOrEqual(3_500);
  for (const request of kernel.requests) expect(request.messages[1]).toEqual({ role: "user", content: "Read it all" });
  expect(pages(result.messages)).toBe(60);
});

test("each compaction is on record in the kernel, and its model call has a place of its own", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, steps: 20 });
  const { result, compactions } = await run(kernel);
  expect(kernel.noted).toEqual(
    compactions.map(({ mode, messages, beforeTokens, afterTokens }) => ({ mode, messages, beforeTokens, afterTokens })),
  );
  expect(compactions.every(({ isJournalled }) => isJournalled)).toBe(true);
  const summaries = kernel.requests.filter(({ callSite }) => callSite === "agent:reader:summary");
  expect(summaries).toHaveLength(compactions.length);
  // What they cost is part of what the run cost.
  expect(result.usage.inputTokens).toBe(kernel.requests.reduce((sum, request) => sum + tokenize(request), 0));
});

test("a summary is asked for behind the very messages that were sent, so that a prompt cache is warm for it", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, steps: 20 });
  await run(kernel);
  for (const [index, request] of kernel.requests.entries()) {
    if (request.callSite !== "agent:reader:summary") continue;
    const before = kernel.requests[index - 1];
    const prefix = request.messages.slice(0, -1);
    expect(before?.messages.slice(0, prefix.length)).toEqual(prefix);
    expect(request.tools).toEqual(before?.tools);
  }
});

test("a short run makes no call that it did not make without a managed context", async () => {
  const kernel = kernelWith({ contextTokens: 32_000, steps: 2 });
  await run(kernel);
  expect(kernel.calls).toEqual(["llm.chat", "llm.chat", "llm.chat"]);
});

test("where nobody knows what the model takes, its refusal shortens the request once, and later ones before they are sent", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, isTold: false, steps: 60 });
  const { result, compactions } = await run(kernel, { context: { onFull: "drop" } });
  expect(result.output).toBe("done");
  expect(compactions[0]).toMatchObject({ mode: "drop" });
  const refused = kernel.calls.filter((name) => name === "llm.chat").length - kernel.requests.length;
  expect(refused).toBe(1);
});

test("a refusal that no compaction helps is the run's own error, and no request is sent again as it was", async () => {
  const kernel = kernelWith({ contextTokens: 30, isTold: false, steps: 1 });
  await expect(run(kernel)).rejects.toMatchObject({ code: "EINVAL" });
  expect(kernel.requests).toHaveLength(1);
  const failing = kernelWith({ contextTokens: 4_000, isTold: false, steps: 60 });
  await expect(run(failing, { context: { onFull: "fail" } })).rejects.toThrow("maximum context length");
});

test("an agent may drop instead of asking for a summary, or fail", async () => {
  const dropping = kernelWith({ contextTokens: 4_000, steps: 20 });
  const { compactions } = await run(dropping, { context: { onFull: "drop" } });
  expect(new Set(compactions.map(({ mode }) => mode))).toEqual(new Set(["drop"]));
  expect(dropping.requests.every(({ callSite }) => callSite === "agent:reader")).toBe(true);
  const failing = kernelWith({ contextTokens: 4_000, steps: 20 });
  await expect(run(failing, { context: { onFull: "fail" } })).rejects.toMatchObject({
    code: "E2BIG",
    hint: expect.stringContaining("context.maxTokens") as string,
  });
});

test("an agent's own limit holds below the model's", async () => {
  const kernel = kernelWith({ contextTokens: 100_000, steps: 20 });
  await run(kernel, { context: { maxTokens: 2_000, reserveTokens: 500 } });
  for (const request of kernel.requests) expect(tokenize(request)).toBeLessThanOrEqual(1_500);
});

test("a model that sums nothing up loses the oldest messages, which is told", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, steps: 20, summary: " " });
  const { compactions } = await run(kernel);
  expect(new Set(compactions.map(({ mode }) => mode))).toEqual(new Set(["drop"]));
});

test("a process that may not write of itself goes on, and the event says that the kernel has no record", async () => {
  const kernel = kernelWith({ contextTokens: 4_000, steps: 20, mayNote: false });
  const { compactions } = await run(kernel);
  expect(compactions.length).toBeGreaterThan(0);
  expect(compactions.some(({ isJournalled }) => isJournalled)).toBe(false);
});
