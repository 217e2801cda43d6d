import { randomInt } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import { noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, EmbedArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import type { Core, DriverContext, DriverEvent, ModelSpec, ModelSyscall, RateLimits } from "../../../kernel/ports.ts";
import { readModelFolder } from "./model-folder.ts";
import { toOrder, toTemplate } from "./request.ts";
import { StopTexts } from "./stop-texts.ts";
import { Thoughts } from "./thoughts.ts";
import { ModelChild } from "./child.ts";
import type { Asked, Word } from "./child.ts";
import type { Outcome, Setup } from "./wire.ts";

export interface TransformersCoreOptions {
  readonly name: string;
  /** Absolute: config.json, tokenizer.json and onnx/model*.onnx are in it. */
  readonly folder: string;
  /** The package's entry file. */
  readonly library: string;
  /** Which of the folder's graphs: q4, fp32… Default: the only one, else q4, q8, int8, uint8, fp16, fp32 in this order. */
  readonly dtype?: string | undefined;
  /** Default: cpu. */
  readonly device?: Setup["device"] | undefined;
  readonly threads?: number | undefined;
  /** Prompt and answer together. Default: as trained, at most 8192. */
  readonly contextTokens?: number | undefined;
  /** Whether it serves llm.embed instead of llm.chat. Default: where the folder says how vectors are pooled, or generates nothing. */
  readonly embeddings?: boolean | undefined;
  /** The first one names the model; default: the folder's name. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly limits?: RateLimits | undefined;
  /** Seeds of calls that name none. */
  readonly drawSeed?: () => number;
  readonly start?: () => ChildProcess;
}

export interface TransformersCore extends Core, AsyncDisposable {
  /** Loads the model, which the first call does otherwise. Rejects with what is wrong. */
  open(): Promise<void>;
  /** Calls that the model's process works on, those that were cancelled a moment ago among them. */
  readonly pending: number;
}

const mostContextTokens = 8192;
const preferred = ["q4", "q8", "int8", "uint8", "fp16", "fp32"];
/** What a second call is told to wait: an answer takes seconds. */
const busyMs = 1000;

/**
 * A core whose model runs in a process of its own, by @huggingface/transformers: small chat models, or embeddings.
 * One call at a time; tokens are counted exactly; a cancelled call ends between two tokens.
 * @throws SysError EINVAL where the folder holds no such model.
 */
export async function createTransformersCore(options: TransformersCoreOptions): Promise<TransformersCore> {
  const { name, folder, library, device = "cpu", threads, drawSeed = () => randomInt(2 ** 31) } = options;
  const model = await readModelFolder(folder, name);
  const dtype = options.dtype ?? preferred.find((each) => model.dtypes.includes(each)) ?? model.dtypes[0]!;
  if (!model.dtypes.includes(dtype))
    throw new SysError("EINVAL", `core ${name}: ${folder} has no weights of dtype ${dtype}`, {
      hint: `there are ${model.dtypes.join(", ")}`,
    });
  const form = (options.embeddings ?? (model.isPooled || !model.isGenerative)) ? "embed" : "chat";
  const serves: readonly ModelSyscall[] = form === "embed" ? ["llm.embed"] : ["llm.chat"];
  const [told] = options.models ?? [];
  const trainedTokens = Math.min(model.trainedTokens ?? mostContextTokens, mostContextTokens);
  const contextTokens = Math.min(options.contextTokens ?? trainedTokens, told?.contextTokens ?? Infinity);
  const spec: ModelSpec = { price: { input: 0, output: 0 }, serves, ...told, id: told?.id ?? model.id, contextTokens };
  const { pooling, isNormalized } = model;
  const dataFiles = model.dataFiles(dtype);
  const setup: Setup = { library, folder, form, dtype, device, threads, dataFiles, pooling, isNormalized };

  let child: ModelChild | undefined;
  let isClosed = false;
  let live = 0;
  let idle = Promise.withResolvers<void>();

  const ready = async (): Promise<ModelChild> => {
    if (isClosed) throw new SysError("ENODEV", `core ${name} is closed`);
    if (child === undefined || child.isDead) child = new ModelChild(name, setup, options.start);
    const opened = child;
    await opened.loaded;
    return opened;
  };

  async function* serve(
    syscall: string,
    args: unknown,
    context: DriverContext,
  ): AsyncGenerator<readonly DriverEvent[]> {
    const { signal } = context;
    if (signal.aborted) throw cancelled(name);
    if (live > 0)
      throw new SysError("EAGAIN", `core ${name} answers another call`, { retryable: true, retryAfterMs: busyMs });
    live++;
    try {
      const at = await unlessAborted(ready(), signal, name);
      if (syscall === "llm.chat") yield* answer(at, args as ChatArgs, context);
      else yield await embed(at, args as EmbedArgs, context);
    } finally {
      if (--live === 0) {
        idle.resolve();
        idle = Promise.withResolvers<void>();
      }
    }
  }

  async function* answer(
    at: ModelChild,
    args: ChatArgs,
    { signal, model: asked }: DriverContext,
  ): AsyncGenerator<readonly DriverEvent[]> {
    const { order, stopTexts, leftOut } = toOrder(args, { core: name, contextTokens, drawSeed });
    if (leftOut.length > 0) yield [{ type: "request.adapted", leftOut: [...leftOut] }];
    const stop = new StopTexts(stopTexts);
    let thoughts = new Thoughts({ isOpen: false });
    let inputTokens = 0;
    let [content, thought] = ["", ""];
    const tell = ({ reasoning, text }: ReturnType<Thoughts["take"]>): DriverEvent[] => {
      content += text;
      thought += reasoning;
      if (args.stream !== true) return [];
      return [
        ...(reasoning === "" ? [] : [{ type: "reasoning.delta" as const, text: reasoning }]),
        ...(text === "" ? [] : [{ type: "text.delta" as const, text }]),
      ];
    };
    for await (const words of heard(at.ask(order), signal)) {
      const events: DriverEvent[] = [];
      for (const word of words) {
        if (word.is === "prompt") {
          inputTokens = word.tokens;
          thoughts = new Thoughts({ isOpen: word.opensThought });
        } else if (word.is === "text") {
          events.push(...tell(thoughts.take(stop.take(word.text))));
          // It stops at its next token; what that computes is in the figure.
          if (stop.isStopped) words.stop();
        } else if (word.is === "said") {
          events.push(...tell(thoughts.take(stop.rest())), ...tell(thoughts.rest()));
          const finishReason = stop.isStopped || word.why !== "length" ? "stop" : "length";
          const message = { role: "assistant" as const, content, ...(thought === "" ? {} : { reasoning: thought }) };
          const result: ChatResult = { message, finishReason, model: `${name}/${asked}` };
          events.push({ type: "result", result, usage: { ...noUsage, inputTokens, outputTokens: word.outputTokens } });
        } else throw failure(word);
      }
      if (events.length > 0) yield events;
    }
  }

  async function embed(
    at: ModelChild,
    { input, dimensions }: EmbedArgs,
    { signal, model: asked }: DriverContext,
  ): Promise<readonly DriverEvent[]> {
    const { vectors, tokens } = await outcome(
      at.ask({ is: "embed", inputs: input, contextTokens }),
      "embedded",
      signal,
    );
    const size = vectors[0]?.length;
    if (dimensions !== undefined && dimensions !== size)
      throw new SysError("EINVAL", `core ${name}: ${asked} makes vectors of ${size} numbers, not ${dimensions}`, {
        hint: "leave out dimensions",
      });
    const embeddings = vectors.map((vector) => [...vector]);
    const result: EmbedResult = { embeddings, model: `${name}/${asked}` };
    return [{ type: "result", result, usage: { ...noUsage, inputTokens: tokens } }];
  }

  /** All that the model says on one order; an order that nobody reads any more is stopped. */
  async function* heard(asked: Asked, signal: AbortSignal): AsyncGenerator<readonly Word[] & { stop(): void }> {
    const words = asked[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await unlessAborted(words.next(), signal, name);
        if (step.done) return;
        yield Object.assign([...step.value], { stop: () => asked.stop() });
      }
    } finally {
      asked.stop();
    }
  }

  async function outcome<Is extends Outcome["is"]>(
    asked: Asked,
    is: Is,
    signal: AbortSignal,
  ): Promise<Extract<Outcome, { is: Is }>> {
    const isIt = (word: Word): word is Extract<Word, { is: Is }> => word.is === is;
    for await (const words of heard(asked, signal))
      for (const word of words) {
        if (isIt(word)) return word as Extract<Outcome, { is: Is }>;
        throw failure(word);
      }
    throw new SysError("EIO", `core ${name} said nothing`, { retryable: true });
  }

  const failure = (word: Word): SysError => {
    if (word.is === "too-long")
      return new SysError("E2BIG", `core ${name}: the prompt is ${word.tokens} tokens, its context ${contextTokens}`, {
        hint: "shorten it, or raise contextTokens",
      });
    if (word.is === "stopped") return cancelled(name);
    const why = word.is === "failed" ? word.message : `it said ${word.is}`;
    return new SysError("EIO", `core ${name}: the model failed: ${why}`);
  };

  return {
    name,
    endpoint: 0,
    device: "llm",
    kind: "transformers",
    isSimulated: false,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves,
    dialects: [],
    resume: "none",
    limits: { ...options.limits, concurrency: 1 },
    models: () => [spec],
    get pending() {
      return child?.pending ?? 0;
    },
    async count({ messages }, { signal }) {
      const asked = toTemplate(messages, { core: name, leftOut: new Set() });
      const at = await unlessAborted(ready(), signal, name);
      return (await outcome(at.ask({ is: "count", messages: asked }), "counted", signal)).tokens;
    },
    execute(syscall, args, context) {
      if (!(serves as readonly string[]).includes(syscall))
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: `it serves ${serves.join(" and ")}`,
        });
      return serve(syscall, args, context);
    },
    async open() {
      await ready();
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      // Running calls end first: a refreshed configuration replaces cores under way.
      if (live > 0) await idle.promise;
      await child?.end();
    },
  };
}

const cancelled = (core: string): SysError => new SysError("ECANCELED", `the call to core ${core} was cancelled`);

/** Rejects as soon as the signal aborts, whatever becomes of the promise. */
async function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal, core: string): Promise<Result> {
  const abort = Promise.withResolvers<never>();
  const leave = (): void => abort.reject(cancelled(core));
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([promise, abort.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
