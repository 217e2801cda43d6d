import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A model in the layout that @huggingface/transformers reads, as a table: a graph of one or two nodes, no download, no licence. */
export type OnnxModel =
  /** After one token comes the other, whatever was before. */
  | {
      readonly is: "chat";
      readonly words: readonly string[];
      readonly follows: Readonly<Record<string, string>>;
      /** What the template puts at the end of a prompt. */
      readonly prompt?: string;
      /** The table lies beside the graph, in `onnx/model.onnx_data`, as those of large models do. */
      readonly isSplit?: boolean;
    }
  /** The vector of each token that a text is cut into: a byte's is made from the byte. */
  | {
      readonly is: "embed";
      readonly dimensions: number;
      readonly pooling?: "mean" | "cls";
      readonly isNormalized?: boolean;
    };

export const contextTokens = 512;
const controls = ["<s>", "</s>", "<|turn|>", "<|reply|>"];
const templateOf = (prompt: string): string =>
  "{% for m in messages %}{% if m['role'] == 'assistant' %}<|reply|>{{ m['content'] }}</s>" +
  "{% else %}<|turn|>{{ m['role'] }}: {{ m['content'] }}</s>{% endif %}{% endfor %}" +
  `{% if add_generation_prompt %}<|reply|>${prompt}{% endif %}`;

/** Writes config, tokenizer and graph; the graph is `onnx/model.onnx`, which the library calls fp32. */
export function writeOnnxModel(folder: string, model: OnnxModel): void {
  mkdirSync(join(folder, "onnx"), { recursive: true });
  const vocabulary = vocabularyOf(model.is === "chat" ? model.words : []);
  const put = (name: string, json: unknown): void => writeFileSync(join(folder, name), JSON.stringify(json));
  const size = Object.keys(vocabulary).length;
  const shared = { vocab_size: size, max_position_embeddings: contextTokens, eos_token_id: vocabulary["</s>"] };
  put("tokenizer.json", tokenizer(vocabulary));
  put("tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    eos_token: "</s>",
    bos_token: "<s>",
    model_max_length: contextTokens,
    clean_up_tokenization_spaces: false,
    ...(model.is === "chat" ? { chat_template: templateOf(model.prompt ?? "") } : {}),
  });
  if (model.is === "chat") {
    const heads = { num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1, hidden_size: 1, head_dim: 1 };
    put("config.json", { model_type: "llama", architectures: ["LlamaForCausalLM"], ...heads, ...shared });
    put("generation_config.json", { eos_token_id: vocabulary["</s>"], do_sample: false });
  } else {
    put("config.json", { model_type: "bert", architectures: ["BertModel"], hidden_size: model.dimensions, ...shared });
    mkdirSync(join(folder, "1_Pooling"), { recursive: true });
    put("1_Pooling/config.json", {
      word_embedding_dimension: model.dimensions,
      pooling_mode_cls_token: model.pooling === "cls",
      pooling_mode_mean_tokens: model.pooling !== "cls",
    });
    put("modules.json", [
      { idx: 0, type: "sentence_transformers.models.Transformer" },
      { idx: 1, type: "sentence_transformers.models.Pooling" },
      ...(model.isNormalized === true ? [{ idx: 2, type: "sentence_transformers.models.Normalize" }] : []),
    ]);
  }
  const { graph: main, data } = model.is === "chat" ? chatGraph(model, vocabulary) : embedGraph(model, size);
  writeFileSync(join(folder, "onnx", "model.onnx"), main);
  if (data) writeFileSync(join(folder, "onnx", "model.onnx_data"), data);
}

/** What the model says of one byte. */
export const byteVector = (byte: number, dimensions: number): number[] =>
  Array.from({ length: dimensions }, (_, column) => Math.fround(Math.sin(byte * (column + 1))));

type Vocabulary = Readonly<Record<string, number>>;

const spell = (plain: string): string => [...Buffer.from(plain)].map((byte) => byteTexts[byte]).join("");

/** 256 bytes, words that no text is cut into (nothing merges to them), control tokens. */
function vocabularyOf(words: readonly string[]): Vocabulary {
  const texts = [...new Set([...byteTexts, ...words.map(spell), ...controls])];
  return Object.fromEntries(texts.map((text, id) => [text, id]));
}

const tokenizer = (vocabulary: Vocabulary) => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: controls.map((content) => ({
    id: vocabulary[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: vocabulary,
    merges: [],
  },
});

// ── Graphs ──────────────────────────────────────────────────────────────────

interface Written {
  readonly graph: Buffer;
  readonly data: Buffer | undefined;
}

/** logits = table[input_ids]; the cache of keys is one zero for each token, so that the library's own bookkeeping runs. */
function chatGraph({ follows, isSplit = false }: Extract<OnnxModel, { is: "chat" }>, vocabulary: Vocabulary): Written {
  const size = Object.keys(vocabulary).length;
  const table = new Float32Array(size * size);
  const id = (text: string): number => {
    const found = vocabulary[text] ?? vocabulary[spell(text)];
    if (found === undefined) throw new Error(`the vocabulary has no token "${text}"; name it in words`);
    return found;
  };
  for (const [before, after] of Object.entries(follows)) table[id(before) * size + id(after)] = 10;
  const cache = ["batch", 1, "past", 1];
  const weights = Buffer.from(table.buffer);
  const main = graph({
    nodes: [
      node("Gather", ["table", "input_ids"], ["logits"]),
      node("Gather", ["zeros", "input_ids"], ["flat"]),
      node("Unsqueeze", ["flat", "axis"], ["new"]),
      ...["key", "value"].map((kind) =>
        node("Concat", [`past_key_values.0.${kind}`, "new"], [`present.0.${kind}`], { axis: 2 }),
      ),
    ],
    tensors: [
      isSplit ? outside("table", [size, size], weights.length) : tensor("table", [size, size], 1, weights),
      tensor("zeros", [size, 1], 1, Buffer.alloc(size * 4)),
      tensor("axis", [1], 7, int64(1n)),
    ],
    inputs: [
      value("input_ids", 7, ["batch", "sequence"]),
      value("past_key_values.0.key", 1, cache),
      value("past_key_values.0.value", 1, cache),
    ],
    outputs: [
      value("logits", 1, ["batch", "sequence", size]),
      value("present.0.key", 1, ["batch", 1, "all", 1]),
      value("present.0.value", 1, ["batch", 1, "all", 1]),
    ],
  });
  return { graph: main, data: isSplit ? weights : undefined };
}

function embedGraph({ dimensions }: Extract<OnnxModel, { is: "embed" }>, size: number): Written {
  const table = new Float32Array(size * dimensions);
  for (let id = 0; id < size; id++) table.set(byteVector(id, dimensions), id * dimensions);
  const main = graph({
    nodes: [node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
    tensors: [tensor("table", [size, dimensions], 1, Buffer.from(table.buffer))],
    inputs: [value("input_ids", 7, ["batch", "sequence"])],
    outputs: [value("last_hidden_state", 1, ["batch", "sequence", dimensions])],
  });
  return { graph: main, data: undefined };
}

// ── ONNX in protobuf: the few messages of onnx.proto that this takes, by field number ──

interface Graph {
  readonly nodes: readonly Buffer[];
  readonly tensors: readonly Buffer[];
  readonly inputs: readonly Buffer[];
  readonly outputs: readonly Buffer[];
}

function graph({ nodes, tensors, inputs, outputs }: Graph): Buffer {
  const body = Buffer.concat([
    ...nodes.map((each) => bytes(1, each)),
    text(2, "table"),
    ...tensors.map((each) => bytes(5, each)),
    ...inputs.map((each) => bytes(11, each)),
    ...outputs.map((each) => bytes(12, each)),
  ]);
  const opset = Buffer.concat([text(1, ""), number(2, 17)]);
  return Buffer.concat([number(1, 8), bytes(7, body), bytes(8, opset)]);
}

// oxlint-disable-next-line max-params -- reads as the operator's own signature
function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  integers: Record<string, number> = {},
): Buffer {
  return Buffer.concat([
    ...inputs.map((each) => text(1, each)),
    ...outputs.map((each) => text(2, each)),
    text(4, operator),
    ...Object.entries(integers).map(([name, each]) =>
      bytes(5, Buffer.concat([text(1, name), number(3, each), number(20, 2)])),
    ),
  ]);
}

// oxlint-disable-next-line max-params -- a tensor is these four
const tensor = (name: string, dimensions: readonly number[], type: 1 | 7, raw: Buffer): Buffer =>
  Buffer.concat([...dimensions.map((each) => number(1, each)), number(2, type), text(8, name), bytes(9, raw)]);

/** A tensor of floats whose bytes are in the file beside the graph. */
function outside(name: string, dimensions: readonly number[], length: number): Buffer {
  const entries = { location: "model.onnx_data", offset: "0", length: String(length) };
  const said = Object.entries(entries).map(([key, each]) => bytes(13, Buffer.concat([text(1, key), text(2, each)])));
  return Buffer.concat([
    ...dimensions.map((each) => number(1, each)),
    number(2, 1),
    text(8, name),
    ...said,
    number(14, 1),
  ]);
}

function value(name: string, type: 1 | 7, shape: readonly (string | number)[]): Buffer {
  const dimensions = shape.map((each) => bytes(1, typeof each === "number" ? number(1, each) : text(2, each)));
  return Buffer.concat([
    text(1, name),
    bytes(2, bytes(1, Buffer.concat([number(1, type), bytes(2, Buffer.concat(dimensions))]))),
  ]);
}

function varint(whole: number): Buffer {
  const out: number[] = [];
  let rest = whole;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}
const number = (field: number, whole: number): Buffer => Buffer.concat([varint(field * 8), varint(whole)]);
const bytes = (field: number, body: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
const text = (field: number, words: string): Buffer => bytes(field, Buffer.from(words));

function int64(whole: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(whole);
  return out;
}

/** GPT-2's way to write bytes: those that are printable stand for themselves, the others for characters from U+0100 on. */
const byteTexts: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
})();
