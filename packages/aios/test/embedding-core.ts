import { noUsage } from "@aiosjs/sdk/protocol";
import type { EmbedArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import type { Clock, Core, DriverContext, DriverEvent, ModelSpec, RateLimits } from "../src/kernel/ports.ts";

type Input = EmbedArgs["input"][number];

export interface EmbeddingRequest {
  readonly args: EmbedArgs;
  readonly context: DriverContext;
  readonly atMs: number;
  /** Number of the request, from 1. */
  readonly number: number;
}

export interface EmbeddingCoreOptions {
  readonly clock: Clock;
  readonly name?: string;
  readonly models?: readonly ModelSpec[];
  readonly limits?: RateLimits;
  readonly serviceMs?: number;
  readonly isSimulated?: boolean;
  readonly tellsUsage?: boolean;
  readonly batching?: { readonly maxSize: number; readonly maxWaitMs: number };
  /** Default: `vectorOf`. */
  readonly vectors?: (input: Input) => number[];
  /** What the upstream does before it answers: it may throw or wait. */
  readonly script?: (request: EmbeddingRequest) => Promise<void> | void;
}

/** Four bytes or one id are a token, as the upstream counts them. */
export const tokensOf = (input: Input): number =>
  typeof input === "string" ? Math.ceil(input.length / 4) : input.length;

/** The vector of an input: no two texts of these tests have the same. */
export const vectorOf = (input: Input): number[] => {
  const codes = typeof input === "string" ? Array.from(input, (character) => character.codePointAt(0) ?? 0) : input;
  return [codes.length, codes.reduce((sum, code, place) => (sum * 31 + code + place) % 65_521, 7)];
};

/** An embedding core for behaviour tests: each request takes a fixed time, and all of them are kept. */
export function createEmbeddingCore(options: EmbeddingCoreOptions): Core & {
  requests: EmbeddingRequest[];
  running: number;
} {
  const { clock, name = "vec", serviceMs = 100, models = [{ id: "e", serves: ["llm.embed"] }] } = options;
  const core = {
    name,
    device: "llm" as const,
    endpoint: 0,
    kind: "scripted",
    isSimulated: options.isSimulated ?? false,
    isOpenEnded: false,
    limits: options.limits ?? { concurrency: 1 },
    honoursMaxTokens: true,
    serves: ["llm.embed" as const],
    dialects: [],
    resume: "none" as const,
    batching: options.batching,
    requests: [] as EmbeddingRequest[],
    running: 0,
    models: () => models,
    async *execute(_name: string, args: unknown, context: DriverContext): AsyncGenerator<readonly DriverEvent[]> {
      const embed = args as EmbedArgs;
      const request = { args: embed, context, atMs: clock.nowMs(), number: core.requests.length + 1 };
      core.requests.push(request);
      core.running++;
      try {
        await options.script?.(request);
        await clock.wakeAt(clock.nowMs() + serviceMs, context.signal);
        const result: EmbedResult = { embeddings: embed.input.map(options.vectors ?? vectorOf), model: context.model };
        const inputTokens = embed.input.reduce((sum, input) => sum + tokensOf(input), 0);
        const usage = options.tellsUsage === false ? {} : { usage: { ...noUsage, inputTokens } };
        yield [{ type: "result", result, ...usage }];
      } finally {
        core.running--;
      }
    },
  };
  return core;
}
