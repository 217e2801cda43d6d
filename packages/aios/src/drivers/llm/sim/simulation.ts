import { noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, EmbedArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import type { Clock, DriverEvent, ModelSpec } from "../../../kernel/ports.ts";
import { createAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { textOf, think } from "./brain.ts";
import type { Thought } from "./brain.ts";
import { createBatchEngine } from "./engine.ts";
import { createFixedEngine } from "./fixed-engine.ts";
import { createLimiter } from "./limiter.ts";
import type { SimFaults, SimParameters } from "./parameters.ts";
import { createPrefixCache } from "./prefix-cache.ts";
import { draws, textHash } from "./prng.ts";
import { SnapshotShelf } from "./snapshot.ts";
import type { SimSnapshot } from "./snapshot.ts";
import type { Draws } from "./prng.ts";
import { countTokens } from "./tokens.ts";
import { embedTokens, hashedVector } from "./vectors.ts";

/** How the upstream broke, before it is put into words (an error code here, an HTTP answer there). */
export class SimFault extends Error {
  readonly is: "refused" | "server" | "disconnect" | "malformed";
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(is: SimFault["is"], message: string, options: { status: number; retryAfterMs?: number | undefined }) {
    super(message);
    this.name = "SimFault";
    this.is = is;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

interface SimCaller {
  /** Whose chance it is: the same agent has the same jitter and faults whatever others do. */
  readonly agent: string;
  readonly model: string;
  readonly signal: AbortSignal;
  /** Where this call stopped before, and when it makes way again. */
  readonly snapshot?: SimSnapshot | undefined;
  readonly quantumTokens?: number | undefined;
  readonly preempt?: AbortSignal | undefined;
  /** Called when the limits have let the call through. */
  readonly onAdmitted?: () => void;
}

/** The upstream itself, with neither a kernel nor a wire in front. */
export interface Simulation {
  /**
   * Batches of deltas (where `args.stream` asks for them), then one result, or a snapshot where it made way.
   * @throws SimFault for what upstreams do; SysError EINVAL and ENOENT for a request that is wrong.
   */
  answer(args: ChatArgs, caller: SimCaller): AsyncGenerator<readonly DriverEvent[]>;
  /** One result with a vector for each input: the machine reads them as one prompt and writes nothing. Throws as `answer` does. */
  embed(args: EmbedArgs, caller: SimCaller): AsyncGenerator<readonly DriverEvent[]>;
  /** Calls so far, refused ones too. */
  readonly arrived: number;
  readonly running: number;
  readonly waiting: number;
  /** Snapshots handed out, and neither come back nor discarded. */
  readonly snapshots: number;
}

interface Arrival {
  readonly chance: (purpose: string) => Draws;
  readonly fault: keyof SimFaults | undefined;
  /** What the headers say. */
  readonly news: DriverEvent[];
  readonly refusal: SimFault | undefined;
}

export function createSimulation(name: string, clock: Clock, parameters: SimParameters): Simulation {
  const { seed, models, limits, fixed } = parameters;
  const now = () => clock.nowMs();
  const engine =
    fixed === null
      ? createBatchEngine(clock, parameters)
      : createFixedEngine(clock, { ...fixed, slots: parameters.slots });
  const limiter = createLimiter(limits, parameters.limitBy, now);
  const prefixes = createPrefixCache(parameters.prefixCacheTokens);
  const attempts = createAttemptCounter();
  const shelf = new SnapshotShelf();
  let inFlight = 0;
  let arrived = 0;

  const refuse = (retryAfterMs: number | undefined, why: string) =>
    new SimFault("refused", why, { status: 429, retryAfterMs: parameters.retryAfterMs ?? retryAfterMs });

  /** The network and the limits: what a call meets before the machine. */
  const arrive = async (promptTokens: number, caller: SimCaller): Promise<Arrival> => {
    const attempt = attempts.next(caller.agent);
    const chance = (purpose: string) => draws(seed, caller.agent, attempt, purpose);
    const fault = drawFault(parameters.faults, chance("fault"));
    if (parameters.ttftMs > 0) {
      await clock.wakeAt(now() + chance("ttft").lognormal(parameters.ttftMs, parameters.ttftSigma), caller.signal);
    }
    const taken = limiter.take(promptTokens);
    const observed = limiter.observed();
    const news: DriverEvent[] = observed.length === 0 ? [] : [{ type: "limits", limits: observed }];
    const isFull = limits.concurrency !== undefined && inFlight >= limits.concurrency;
    const refusal = taken.isRefused
      ? refuse(Math.ceil(taken.retryAfterMs), `rate limit reached: ${taken.bucket} per minute`)
      : isFull
        ? refuse(undefined, `${limits.concurrency} requests are running already`)
        : fault === "tooManyRequests"
          ? refuse(1000, "rate limit reached (injected)")
          : undefined;
    return { chance, fault, news, refusal };
  };

  async function* embed(args: EmbedArgs, caller: SimCaller): AsyncGenerator<readonly DriverEvent[]> {
    const { signal } = caller;
    signal.throwIfAborted();
    arrived++;
    modelNamed(caller.model, name, models);
    const leftOut = leaveOut([args.foreign], name);
    if (leftOut.length > 0) yield [{ type: "request.adapted", leftOut }];
    const tokens = embedTokens(args);
    const { chance, fault, news, refusal } = await arrive(tokens, caller);
    if (news.length > 0) yield news;
    if (refusal) throw refusal;
    inFlight++;
    caller.onAdmitted?.();
    try {
      if (fault === "serverError") throw serverFault(chance("status"));
      if (fault === "disconnect") throw new SimFault("disconnect", "the connection closed", { status: 0 });
      // The iteration that has read the prompt has the vectors: in the machine's terms one token.
      const progress = engine.run({
        prefillTokens: tokens,
        outputTokens: 1,
        kvTokens: Math.min(tokens, parameters.kvTokens),
        chunkTokens: 1,
        slowness: fault === "slow" ? 8 : 1,
        stallAfterTokens: fault === "stall" ? 0 : undefined,
        signal,
      });
      for await (const _ of progress);
      if (fault === "malformed")
        throw new SimFault("malformed", "the answer ended in the middle of its JSON", { status: 200 });
      const result: EmbedResult = {
        embeddings: args.input.map((item) => hashedVector(item, args.dimensions)),
        model: `${name}/${caller.model}`,
        isSimulated: true,
      };
      yield [{ type: "result", result, usage: { ...noUsage, inputTokens: tokens } }];
    } finally {
      inFlight--;
    }
  }

  async function* answer(args: ChatArgs, caller: SimCaller): AsyncGenerator<readonly DriverEvent[]> {
    const { signal } = caller;
    signal.throwIfAborted();
    arrived++;
    const model = modelNamed(caller.model, name, models);
    const leftOut = leaveOut(foreignIn(args, name), name);
    if (leftOut.length > 0) yield [{ type: "request.adapted", leftOut }];
    const prompt = renderPrompt(args);
    const promptTokens = countTokens(prompt);
    const room = Math.min(model.contextTokens ?? Infinity, parameters.kvTokens) - promptTokens;
    if (room < 1) throw tooLong(name, model, promptTokens);
    const hash = textHash(prompt);
    const resumed = caller.snapshot && shelf.take(caller.snapshot, hash);
    // Who goes on has been let in already.
    const { chance, fault, news, refusal } = resumed
      ? { ...resumed, chance: noChance, news: [], refusal: undefined }
      : await arrive(promptTokens, caller);
    if (refusal) {
      if (news.length > 0) yield news;
      throw refusal;
    }
    inFlight++;
    caller.onAdmitted?.();
    try {
      if (fault === "serverError") throw serverFault(chance("status"));
      const thought =
        parameters.answers === "filler" ? filler(args, hash, parameters) : think(args, { ...parameters, hash });
      const whole = createAnswer(thought, args, Math.min(args.maxTokens ?? Infinity, room));
      const isBreaking = fault === "disconnect" || fault === "stall";
      const breaksAfter = resumed ? resumed.breaksAfter : isBreaking ? chance("break").below(whole.tokens) : undefined;
      const cachedTokens = resumed?.cachedTokens ?? Math.min(prefixes.lookUp(prompt), promptTokens - 1);
      const progress = engine.run({
        prefillTokens: promptTokens - cachedTokens,
        outputTokens: whole.tokens,
        kvTokens: promptTokens + whole.tokens,
        chunkTokens: args.stream === true ? parameters.chunkTokens : whole.tokens,
        slowness: fault === "slow" ? 8 : 1,
        stallAfterTokens: fault === "stall" ? breaksAfter : undefined,
        signal,
        startTokens: resumed?.outputTokens,
        quantumTokens: caller.quantumTokens,
        preempt: caller.preempt,
      });
      let sent = resumed?.outputTokens ?? 0;
      for await (const produced of progress) {
        // The headers come with the first token, and say what stood when the call was admitted.
        const batch: DriverEvent[] = news.splice(0);
        const isBroken = fault === "disconnect" && produced > breaksAfter!;
        const upTo = isBroken ? breaksAfter! : produced;
        if (args.stream === true && upTo > sent) batch.push(...whole.deltas(sent, upTo));
        sent = upTo;
        if (isBroken) {
          if (batch.length > 0) yield batch;
          throw new SimFault("disconnect", `the connection closed after ${sent} tokens`, { status: 0 });
        }
        if (produced === whole.tokens) {
          if (fault === "malformed") {
            if (batch.length > 0) yield batch;
            throw new SimFault("malformed", "the answer ended in the middle of its JSON", { status: 200 });
          }
          limiter.charge(whole.tokens);
          batch.push(resultOf(whole, { promptTokens, cachedTokens, model: `${name}/${caller.model}`, hash }));
        }
        if (batch.length > 0) yield batch;
      }
      if (sent === whole.tokens) return;
      const tokens = sent > 0 ? promptTokens + sent : 0;
      const snapshot = shelf.put({ tokens, outputTokens: sent, hash, cachedTokens, fault, breaksAfter });
      yield [...news, { type: "preempted", snapshot }];
    } finally {
      inFlight--;
    }
  }

  return {
    answer,
    embed,
    get arrived() {
      return arrived;
    },
    get running() {
      return engine.running;
    },
    get waiting() {
      return engine.waiting;
    },
    get snapshots() {
      return shelf.size;
    },
  };
}

/** The prompt as one text: what is counted, hashed and cached. */
export function renderPrompt(args: ChatArgs): string {
  let prompt = args.tools === undefined ? "" : `${JSON.stringify(args.tools)}\n`;
  for (const message of args.messages) {
    prompt += `${message.role}: ${textOf(message)}\n`;
    if (message.role === "assistant" && message.toolCalls !== undefined) {
      for (const call of message.toolCalls) prompt += `${call.name}(${call.arguments})\n`;
    }
  }
  // These steer the answer, so they belong to what it is a function of.
  const { toolChoice, responseFormat, seed } = args;
  if (toolChoice !== undefined || responseFormat !== undefined || seed !== undefined) {
    prompt += JSON.stringify([toolChoice, responseFormat, seed]);
  }
  return prompt;
}

function resultOf(
  answer: Answer,
  about: { promptTokens: number; cachedTokens: number; model: string; hash: string },
): DriverEvent {
  const result: ChatResult = {
    message: answer.message(),
    finishReason: answer.finishReason,
    model: about.model,
    upstreamId: `sim-${about.hash}`,
    isSimulated: true,
  };
  const usage = {
    ...noUsage,
    inputTokens: about.promptTokens,
    cachedInputTokens: about.cachedTokens,
    outputTokens: answer.tokens,
    reasoningTokens: answer.reasoningTokens,
  };
  return { type: "result", result, usage };
}

const noChance = (): never => {
  throw new Error("a call that goes on draws nothing anew");
};

/** As long as an answer in prose would be at most, and a function of the prompt too; made in no time. */
function filler(args: ChatArgs, hash: string, { outputTokens }: SimParameters): Thought {
  const tokens = Math.min(outputTokens, (args.maxTokens ?? Infinity) + 1);
  return {
    reasoning: "",
    text: `${hash} `.repeat(Math.ceil((tokens * 4) / (hash.length + 1))).slice(0, tokens * 4),
    toolCalls: [],
  };
}

function drawFault(faults: SimFaults, chance: Draws): keyof SimFaults | undefined {
  let left = chance.next();
  for (const [name, probability] of Object.entries(faults) as [keyof SimFaults, number][]) {
    if (left < probability) return name;
    left -= probability;
  }
  return undefined;
}

function serverFault(chance: Draws): SimFault {
  const status = chance.pick([500, 502, 503]);
  return new SimFault("server", "the upstream broke (injected)", {
    status,
    ...(status === 503 ? { retryAfterMs: 1000 } : {}),
  });
}

/** Counts each agent's attempts, so that a repeated call draws anew. Agents not seen for long are forgotten. */
function createAttemptCounter(capacity = 200_000) {
  const counts = new Map<string, number>();
  return {
    next: (agent: string): number => {
      const count = (counts.get(agent) ?? 0) + 1;
      counts.delete(agent);
      counts.set(agent, count);
      if (counts.size > capacity) counts.delete(counts.keys().next().value!);
      return count;
    },
  };
}

function modelNamed(id: string, core: string, models: readonly ModelSpec[]): ModelSpec {
  const model = models.find((one) => one.id === id);
  if (model !== undefined) return model;
  throw new SysError("ENOENT", `no model "${id}" on core ${core}`, {
    hint: `it simulates ${models.map((one) => one.id).join(", ")}`,
  });
}

function tooLong(core: string, { id, contextTokens }: ModelSpec, promptTokens: number): SysError {
  const room = contextTokens === undefined ? "its cache" : `a context of ${contextTokens} tokens`;
  return new SysError("EINVAL", `the prompt has ${promptTokens} tokens; ${core}/${id} has ${room}`, {
    hint: "shorten the messages, or use a model with a larger context",
  });
}

/** Members of other dialects that change nothing about the form of an answer. */
const harmless = new Set(
  (
    "user store metadata service_tier prompt_cache_key prompt_cache_retention safety_identifier logit_bias verbosity " +
    "top_k min_p repetition_penalty prediction"
  ).split(" "),
);

/** Names of what is left out, which changes no answer's meaning. @throws SysError EINVAL for anything else. */
function leaveOut(said: readonly ChatArgs["foreign"][], core: string): string[] {
  const left = new Set<string>();
  const strange: string[] = [];
  for (const { members, hints = [] } of said.filter((foreign) => foreign !== undefined))
    for (const member of Object.keys(members)) {
      if (hints.includes(member) || harmless.has(member)) left.add(member);
      else strange.push(member);
    }
  if (strange.length === 0) return [...left];
  throw new SysError("EINVAL", `core ${core} is a simulation and does not know ${strange.join(", ")}`, {
    hint: "leave it out, or use a real core",
  });
}

const typeOf = (part: unknown): string => {
  const { type } = (part ?? {}) as { type?: unknown };
  return typeof type === "string" ? type.slice(0, 60) : "other part";
};

/** All that is said beyond the form, wherever it stands. @throws SysError EINVAL for parts that are not read here. */
function foreignIn({ foreign, messages, tools = [] }: ChatArgs, core: string): ChatArgs["foreign"][] {
  const said = [foreign, ...tools.map((tool) => tool.foreign)];
  for (const message of messages) {
    said.push(message.foreign);
    if (message.role === "assistant") for (const call of message.toolCalls ?? []) said.push(call.foreign);
    if (typeof message.content !== "object" || message.content === null) continue;
    for (const part of message.content) {
      if (part.type !== "foreign") said.push(part.foreign);
      else
        throw new SysError(
          "EINVAL",
          `core ${core} is a simulation and reads text and images only, no ${typeOf(part.value)}`,
          { hint: "leave the other parts out, or use a real core" },
        );
    }
  }
  return said;
}
