import { noUsage } from "@aiosjs/sdk/protocol";
import type { AssistantMessage, ChatArgs, ChatResult, Usage } from "@aiosjs/sdk/protocol";
import type {
  Clock,
  Core,
  DriverContext,
  DriverEvent,
  ModelSpec,
  ObservedLimit,
  Price,
  RateLimits,
} from "../src/kernel/ports.ts";

interface ScriptedCall {
  readonly args: ChatArgs;
  readonly context: DriverContext;
  /** Number of the call, from 1. */
  readonly number: number;
}

export interface ScriptedCoreOptions {
  readonly clock: Clock;
  readonly name?: string;
  readonly models?: readonly (string | ModelSpec)[];
  readonly limits?: RateLimits;
  readonly serviceMs?: number;
  readonly price?: Price;
  readonly honoursMaxTokens?: boolean;
  readonly tellsUsage?: boolean;
  /** What its usage says beside the tokens of prompt and answer. */
  readonly usage?: Partial<Usage>;
  /** What it says. Default: "done <last word>". */
  readonly answer?: (args: ChatArgs) => AssistantMessage;
  /** Why it stops. Default: because it is done. */
  readonly finishReason?: ChatResult["finishReason"];
  /** What the upstream does instead of answering: it may throw, wait, or tell limits. */
  readonly script?: (call: ScriptedCall) => Promise<readonly ObservedLimit[] | void> | readonly ObservedLimit[] | void;
}

/** A core for behaviour tests: it answers "done <last word>" after a fixed time, and keeps a log of who was served when. */
export function createScriptedCore(
  options: ScriptedCoreOptions,
): Core & { served: { text: string; pid: string; atMs: number }[]; running: number; peak: number } {
  const { clock, serviceMs = 100, models = ["m"] } = options;
  const core = {
    name: options.name ?? "up",
    device: "llm" as const,
    endpoint: 0,
    kind: "scripted",
    isSimulated: false,
    isOpenEnded: false,
    limits: options.limits ?? { concurrency: 1 },
    honoursMaxTokens: options.honoursMaxTokens ?? true,
    serves: ["llm.chat" as const],
    dialects: [],
    resume: "none" as const,
    served: [] as { text: string; pid: string; atMs: number }[],
    running: 0,
    peak: 0,
    models: () =>
      models.map((model) => ({
        ...(options.price ? { price: options.price } : {}),
        ...(typeof model === "string" ? { id: model } : model),
      })),
    async *execute(_name: string, args: unknown, context: DriverContext): AsyncGenerator<readonly DriverEvent[]> {
      const chat = args as ChatArgs;
      const { content } = chat.messages.at(-1) ?? {};
      const text = typeof content === "string" ? content : "";
      core.served.push({ text, pid: context.pid, atMs: clock.nowMs() });
      core.running++;
      core.peak = Math.max(core.peak, core.running);
      try {
        const limits = await options.script?.({ args: chat, context, number: core.served.length });
        if (limits) yield [{ type: "limits", limits }];
        await clock.wakeAt(clock.nowMs() + serviceMs, context.signal);
        const outputTokens = Math.min(10, chat.maxTokens ?? 10);
        const message = options.answer?.(chat) ?? { role: "assistant", content: `done ${text}` };
        if (typeof message.content === "string") yield [{ type: "text.delta", text: message.content }];
        yield [
          {
            type: "result",
            result: {
              message,
              finishReason: options.finishReason ?? (message.toolCalls ? "tool-calls" : "stop"),
              model: "m",
            },
            ...(options.tellsUsage === false
              ? {}
              : { usage: { ...noUsage, inputTokens: Math.ceil(text.length / 4), outputTokens, ...options.usage } }),
          },
        ];
      } finally {
        core.running--;
      }
    },
  };
  return core;
}
