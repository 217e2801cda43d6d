import type { ModelSpec, RateLimits } from "../../../kernel/ports.ts";

/** How the simulated machine behaves. Everything has a default: a small GPU server without limits and without faults. */
export interface SimParameters {
  /** The same seed gives the same answers, jitter and faults. */
  readonly seed: number;
  readonly models: readonly ModelSpec[];
  /** Sequences that decode at once; more wait inside the core. */
  readonly slots: number;
  /** Tokens that fit into the cache of all running sequences together; a sequence that does not fit waits. */
  readonly kvTokens: number;
  /** An iteration that decodes b sequences takes `iterationMs + b · perSequenceMs`, and each of them gains one token. */
  readonly iterationMs: number;
  readonly perSequenceMs: number;
  readonly prefillUsPerToken: number;
  /** Prompt tokens that one iteration takes in beside decoding. */
  readonly prefillChunkTokens: number;
  /** Instead of the iteration model: every call takes `latencyMs`, then `tokenMs` for each token, whatever the load. */
  readonly fixed: { readonly latencyMs: number; readonly tokenMs: number } | null;
  /** Tokens per streamed piece. */
  readonly chunkTokens: number;
  /** Network and queueing before the core sees a call: lognormal with this median (0: none) and sigma. */
  readonly ttftMs: number;
  readonly ttftSigma: number;
  /** Length of prose answers in tokens: lognormal; sigma 0 gives the median exactly. */
  readonly outputTokens: number;
  readonly outputSigma: number;
  /** What the upstream enforces: beyond it is 429. Its headers tell it. */
  readonly limits: RateLimits;
  /** Whether the core declares `limits` to the kernel beforehand; otherwise they are learned from the headers. */
  readonly areLimitsDeclared: boolean;
  /** `bucket` refills continuously up to the burst; `window` counts the requests of the last 60 s. */
  readonly limitBy: "bucket" | "window";
  /** Retry-after of a 429; null: the true time until the next request fits. */
  readonly retryAfterMs: number | null;
  readonly faults: SimFaults;
  /** Prompt tokens whose 256-token blocks are remembered and need no prefill; 0: none. */
  readonly prefixCacheTokens: number;
  /** Whether a call that made way goes on exactly where it stopped. Needs the iteration model. */
  readonly resume: "kv" | "none";
  /** Moving a token's cache out of a slot, or back into one. */
  readonly swapUsPerToken: number;
  /** `prose`: sentences about the task, tool calls and JSON where they are asked for. `filler`: words drawn by the prompt's hash. */
  readonly answers: "prose" | "filler";
}

/** Probabilities per attempt; their sum is at most 1. */
export interface SimFaults {
  /** 429 although the limits allowed the call. */
  readonly tooManyRequests: number;
  /** 500, 502 or 503 before any output. */
  readonly serverError: number;
  /** The connection closes after some tokens. */
  readonly disconnect: number;
  /** After some tokens nothing comes any more; only an abort frees the slot. */
  readonly stall: number;
  /** The answer ends in the middle of its JSON. */
  readonly malformed: number;
  /** A token only every eighth iteration. */
  readonly slow: number;
}

export const noFaults: SimFaults = {
  tooManyRequests: 0,
  serverError: 0,
  disconnect: 0,
  stall: 0,
  malformed: 0,
  slow: 0,
};

/** Iteration times of the prototype in the design pages: about 2,300 tokens/s in all at 32 sequences. */
export const simDefaults: SimParameters = {
  seed: 1,
  models: [{ id: "sim", contextTokens: 32_768, price: { input: 0, output: 0 } }],
  slots: 4,
  kvTokens: 262_144,
  iterationMs: 12,
  perSequenceMs: 0.25,
  prefillUsPerToken: 60,
  prefillChunkTokens: 512,
  fixed: null,
  chunkTokens: 4,
  ttftMs: 20,
  ttftSigma: 0.3,
  outputTokens: 60,
  outputSigma: 0.6,
  limits: {},
  areLimitsDeclared: true,
  limitBy: "bucket",
  retryAfterMs: null,
  faults: noFaults,
  prefixCacheTokens: 0,
  resume: "none",
  swapUsPerToken: 0.6,
  answers: "prose",
};
