// The process of one model. What it imports of this project is types alone: it runs from source as it is.
import { pathToFileURL } from "node:url";
import type * as Transformers from "@huggingface/transformers";
import type { ChatOrder, Order, Outcome, Report, Setup, TemplateMessage, ToModel, Work } from "./wire.ts";

type Library = typeof Transformers;
type Tensor = Transformers.Tensor;
type Inputs = Record<string, Tensor>;

/** The parts of a model's own objects that are used; the package's types leave them open. */
interface Generator {
  readonly config: { readonly eos_token_id?: number | number[] };
  readonly generation_config: { readonly eos_token_id?: number | number[] | null } | null;
  generate(options: Record<string, unknown>): Promise<Tensor>;
}
type Forward = (inputs: Inputs) => Promise<Record<string, Tensor>>;

interface Loaded {
  readonly library: Library;
  readonly tokenizer: Transformers.PreTrainedTokenizer;
  readonly model: unknown;
  readonly setup: Setup;
}

if (process.send === undefined) throw new Error("this file is a process of its own");
const report = (said: Report): void => void process.send?.(said);
// The kernel is gone. Not by exit(): on its way out the runtime aborts where it still computes.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

/** Orders that nobody waits for any more. */
const stopped = new Set<number>();
let running: { readonly id: number; readonly stop: () => void } | undefined;

async function load(setup: Setup): Promise<Loaded> {
  const module = (await import(pathToFileURL(setup.library).href)) as Library & { default?: Library };
  const library = module.default ?? module;
  // All is on the disk, or it is an error: a kernel does not download gigabytes.
  library.env.allowRemoteModels = false;
  const { folder, form, dtype, device, threads, dataFiles } = setup;
  const tokenizer = await library.AutoTokenizer.from_pretrained(folder);
  if (form === "chat" && !tokenizer.chat_template) throw new Error("it has no chat template, so it is no chat model");
  const Model = form === "chat" ? library.AutoModelForCausalLM : library.AutoModel;
  const model: unknown = await Model.from_pretrained(folder, {
    dtype: dtype as Transformers.DataType,
    device,
    ...(dataFiles === 0 ? {} : { use_external_data_format: dataFiles }),
    session_options: threads === undefined ? {} : { intraOpNumThreads: threads },
  });
  return { library, tokenizer, model, setup };
}

async function work(at: Loaded, id: number, asked: Work): Promise<Outcome> {
  switch (asked.is) {
    case "chat":
      return await say(at, id, asked);
    case "embed":
      return await embed(at, id, asked);
    case "count":
      return { is: "counted", tokens: render(at, asked.messages).tokens };
  }
}

function render({ tokenizer }: Loaded, messages: readonly TemplateMessage[]): { inputs: Inputs; tokens: number } {
  const inputs = tokenizer.apply_chat_template(messages as never, {
    add_generation_prompt: true,
    tokenize: true,
    return_dict: true,
    return_tensor: true,
  }) as unknown as Inputs;
  return { inputs, tokens: inputs["input_ids"]?.dims.at(-1) ?? 0 };
}

async function say(at: Loaded, id: number, order: ChatOrder): Promise<Outcome> {
  const { library, tokenizer } = at;
  const model = at.model as Generator;
  const { inputs, tokens } = render(at, order.messages);
  const room = order.contextTokens - tokens;
  if (room < 1) return { is: "too-long", tokens };
  const ids = inputs["input_ids"]?.data as BigInt64Array | undefined;
  const end = tokenizer.decode(Array.from(ids?.slice(-8) ?? []), {
    skip_special_tokens: false,
  });
  report({ id, is: "prompt", tokens, opensThought: /<think>\s*$/.test(end) });
  const stopping = new library.InterruptableStoppingCriteria();
  running = { id, stop: () => stopping.interrupt() };
  library.random.seed(order.seed);
  const { temperature, maxTokens = room } = order;
  const output = await model.generate({
    ...inputs,
    max_new_tokens: Math.min(maxTokens, room),
    ...(temperature === undefined ? {} : temperature > 0 ? { do_sample: true, temperature } : { do_sample: false }),
    stopping_criteria: stopping,
    streamer: new library.TextStreamer(tokenizer, {
      skip_prompt: true,
      callback_function: (text) => {
        if (text !== "") report({ id, is: "text", text });
      },
    }),
  });
  const last = Number((output.data as BigInt64Array).at(-1));
  const ends = [model.generation_config?.eos_token_id ?? model.config.eos_token_id ?? []].flat();
  const outputTokens = (output.dims.at(-1) ?? tokens) - tokens;
  return { is: "said", outputTokens, why: stopped.has(id) ? "stopped" : ends.includes(last) ? "stop" : "length" };
}

/** One text after the other: together they would be padded to the longest, and a stop would wait for all of them. */
async function embed(at: Loaded, id: number, order: Extract<Work, { is: "embed" }>): Promise<Outcome> {
  const inputs = order.inputs.map((input) => inputsOf(at, input));
  const lengths = inputs.map(({ input_ids }) => input_ids?.dims.at(-1) ?? 0);
  const longest = Math.max(...lengths);
  if (longest > order.contextTokens) return { is: "too-long", tokens: longest };
  const vectors: number[][] = [];
  for (const each of inputs) {
    // A turn of the event loop, in which a stop arrives.
    await new Promise((resolve) => setImmediate(resolve));
    if (stopped.has(id)) return { is: "stopped" };
    vectors.push(await vectorOf(at, each));
  }
  return { is: "embedded", vectors, tokens: lengths.reduce((sum, tokens) => sum + tokens, 0) };
}

function inputsOf({ library, tokenizer }: Loaded, input: string | readonly number[]): Inputs {
  if (typeof input === "string") return tokenizer(input, { padding: false, truncation: false }) as unknown as Inputs;
  const dims = [1, input.length];
  return {
    input_ids: new library.Tensor("int64", BigInt64Array.from(input, BigInt), dims),
    attention_mask: new library.Tensor("int64", new BigInt64Array(input.length).fill(1n), dims),
    token_type_ids: new library.Tensor("int64", new BigInt64Array(input.length), dims),
  };
}

async function vectorOf({ model, setup }: Loaded, inputs: Inputs): Promise<number[]> {
  const outputs = await (model as Forward)(inputs);
  const made = outputs["sentence_embedding"] ?? outputs["last_hidden_state"] ?? outputs["token_embeddings"];
  if (made === undefined) throw new Error(`the graph has no last_hidden_state but ${Object.keys(outputs).join(", ")}`);
  const floats = made.to("float32");
  const numbers = floats.data as Float32Array;
  const size = floats.dims.at(-1) ?? 0;
  const vector = floats.dims.length === 2 ? [...numbers] : pooled(numbers, size, setup.pooling);
  if (!setup.isNormalized) return vector;
  const length = Math.hypot(...vector) || 1;
  return vector.map((each) => each / length);
}

function pooled(numbers: Float32Array, size: number, pooling: Setup["pooling"]): number[] {
  const count = numbers.length / size;
  if (pooling === "cls") return [...numbers.subarray(0, size)];
  if (pooling === "last") return [...numbers.subarray(numbers.length - size)];
  const sum = Array.from({ length: size }, () => 0);
  for (let at = 0; at < numbers.length; at++) sum[at % size] = (sum[at % size] ?? 0) + (numbers[at] ?? 0);
  return sum.map((each) => each / count);
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

async function serve(): Promise<void> {
  const waiting: Extract<Order, Work>[] = [];
  let wake = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<Setup>();
  process.on("message", (order: ToModel) => {
    if (order.is === "load") asked.resolve(order.setup);
    else if (order.is === "stop") {
      stopped.add(order.id);
      if (running?.id === order.id) running.stop();
    } else {
      waiting.push(order);
      wake.resolve();
    }
  });
  let at: Loaded;
  try {
    at = await load(await asked.promise);
  } catch (cause) {
    report({ is: "unusable", message: messageOf(cause) });
    return;
  }
  report({ is: "ready" });
  for (;;) {
    const order = waiting.shift();
    if (order === undefined) {
      await wake.promise;
      wake = Promise.withResolvers<void>();
      continue;
    }
    const { id } = order;
    const done: Outcome = stopped.has(id)
      ? { is: "stopped" }
      : await work(at, id, order).catch((cause: unknown): Outcome => ({ is: "failed", message: messageOf(cause) }));
    running = undefined;
    stopped.delete(id);
    report({ id, ...done });
  }
}

void serve();
