import { closeSync, openSync, writeSync } from "node:fs";

/** A model of the llama architecture with a byte-level vocabulary, written in under a second: no download, no licence. */
export interface RandomModel {
  readonly layers?: number;
  readonly dimensions?: number;
  readonly heads?: number;
  readonly feedForward?: number;
  readonly contextTokens?: number;
  /** Of the weight matrices; norms are always f32. */
  readonly type?: "f32" | "f16";
  readonly seed?: number;
  readonly chatTemplate?: string;
  /** Further tokens of the vocabulary that no text is cut into, only ever generated. */
  readonly words?: readonly string[];
  /** Control tokens beside <s> and </s>. */
  readonly controls?: readonly string[];
  /** With it the model is a table: after one token comes the other, whatever was before. No layer adds anything. */
  readonly follows?: Readonly<Record<string, string>>;
  /** Added to a token's logit, always. */
  readonly boosts?: Readonly<Record<string, number>>;
  /** Marks it as a model for embeddings: GGUF's pooling type 1, the mean. */
  readonly isPooled?: boolean;
}

/** About 76 million weights; in f16 a file of 171 MB. */
export const model76M: RandomModel = {
  layers: 12,
  dimensions: 768,
  heads: 12,
  feedForward: 2048,
  type: "f16",
};

/** Turns end with a control token that is no byte of a text, so that nothing said can be mistaken for it. */
const plainTemplate =
  "{% for m in messages %}{% if m['role'] == 'assistant' %}<|reply|>{{ m['content'] }}</s>" +
  "{% else %}<|turn|>{{ m['role'] }}: {{ m['content'] }}</s>{% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}<|reply|>{% endif %}";

const merges = ["t h", "th e", "Ġ the", "i n", "a n", "e r", "Ġ a", "o n"];
const alignment = 32;

/** Deterministic by seed. @throws as the file system does. */
export function writeRandomModel(path: string, model: RandomModel = {}): void {
  const file = openSync(path, "w");
  try {
    for (const bytes of encode(model)) writeSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function* encode(model: RandomModel): Generator<Buffer> {
  const { layers = 2, dimensions = 64, heads = 4, feedForward = 128, contextTokens = 2048, type = "f32" } = model;
  const vocabulary = vocabularyOf(model);
  const metadata: Buffer[] = [];
  const put = (key: string, kind: number, value: Buffer): void => void metadata.push(text(key), u32(kind), value);
  const putText = (key: string, value: string): void => put(key, 8, text(value));
  const putNumber = (key: string, value: number): void => put(key, 4, u32(value));
  putText("general.architecture", "llama");
  putText("general.name", "random weights");
  putNumber("general.alignment", alignment);
  putNumber("general.file_type", type === "f16" ? 1 : 0);
  putNumber("llama.context_length", contextTokens);
  putNumber("llama.embedding_length", dimensions);
  putNumber("llama.block_count", layers);
  putNumber("llama.feed_forward_length", feedForward);
  putNumber("llama.attention.head_count", heads);
  put("llama.attention.layer_norm_rms_epsilon", 6, f32(1e-5));
  putNumber("llama.rope.dimension_count", dimensions / heads);
  putNumber("llama.vocab_size", vocabulary.texts.length);
  if (model.isPooled === true) putNumber("llama.pooling_type", 1);
  putText("tokenizer.ggml.model", "gpt2");
  putText("tokenizer.ggml.pre", "gpt-2");
  put("tokenizer.ggml.tokens", 9, list(8, vocabulary.texts.map(text)));
  put("tokenizer.ggml.token_type", 9, list(5, vocabulary.kinds.map(u32)));
  put("tokenizer.ggml.merges", 9, list(8, merges.map(text)));
  putNumber("tokenizer.ggml.bos_token_id", vocabulary.id("<s>"));
  putNumber("tokenizer.ggml.eos_token_id", vocabulary.id("</s>"));
  put("tokenizer.ggml.add_bos_token", 7, Buffer.from([1]));
  putText("tokenizer.chat_template", model.chatTemplate ?? plainTemplate);

  const tensors = tensorsOf(model, vocabulary);
  const infos: Buffer[] = [];
  let offset = 0;
  for (const { name, rows, columns, bytesPerWeight } of tensors) {
    const shape = rows === 0 ? [columns] : [columns, rows];
    infos.push(text(name), u32(shape.length), ...shape.map(u64), u32(bytesPerWeight === 4 ? 0 : 1), u64(offset));
    offset += padded(Math.max(1, rows) * columns * bytesPerWeight);
  }
  const count = metadata.length / 3;
  const head = Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(count), ...metadata, ...infos]);
  yield head;
  yield Buffer.alloc(padded(head.length) - head.length);
  for (const { rows, columns, bytesPerWeight, row } of tensors) {
    const bytes = Buffer.alloc(padded(Math.max(1, rows) * columns * bytesPerWeight));
    for (let at = 0; at < Math.max(1, rows); at++) {
      const weights = row(at);
      for (let column = 0; column < columns; column++) {
        const place = at * columns + column;
        const weight = weights[column] ?? 0;
        if (bytesPerWeight === 4) bytes.writeFloatLE(weight, place * 4);
        else bytes.writeUInt16LE(toHalf(weight), place * 2);
      }
    }
    yield bytes;
  }
}

interface Vocabulary {
  /** As GGUF spells them: a printable character for each byte. */
  readonly texts: readonly string[];
  /** 1 normal, 3 control. */
  readonly kinds: readonly number[];
  id(plain: string): number;
}

function vocabularyOf({ words = [], controls = [] }: RandomModel): Vocabulary {
  const byteTexts = bytesAsCharacters();
  const spell = (plain: string): string => [...Buffer.from(plain)].map((byte) => byteTexts[byte]).join("");
  const texts = [...byteTexts, ...merges.map((merge) => merge.replace(" ", ""))];
  for (const word of words) if (!texts.includes(spell(word))) texts.push(spell(word));
  const normal = texts.length;
  texts.push("<s>", "</s>", "<|turn|>", "<|reply|>", ...controls);
  return {
    texts,
    kinds: texts.map((_, index) => (index < normal ? 1 : 3)),
    id(plain) {
      const at = texts.indexOf(plain, normal);
      const found = at >= 0 ? at : texts.indexOf(spell(plain));
      if (found < 0) throw new Error(`the vocabulary has no token "${plain}"; name it in words`);
      return found;
    },
  };
}

/** GPT-2's way to write bytes: those that are printable stand for themselves, the others for characters from U+0100 on. */
function bytesAsCharacters(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}

interface Tensor {
  readonly name: string;
  /** 0 for a vector. */
  readonly rows: number;
  readonly columns: number;
  readonly bytesPerWeight: 2 | 4;
  /** Asked for in order, once each. */
  readonly row: (at: number) => ArrayLike<number>;
}

function tensorsOf(model: RandomModel, vocabulary: Vocabulary): Tensor[] {
  const { layers = 2, dimensions = 64, feedForward = 128, type = "f32", seed = 1, follows } = model;
  const bytesPerWeight = type === "f32" ? 4 : 2;
  const normal = gauss(seed);
  const ones = (name: string): Tensor => ({
    name,
    rows: 0,
    columns: dimensions,
    bytesPerWeight: 4,
    row: () => new Float32Array(dimensions).fill(1),
  });
  const random = (name: string, columns: number, rows: number): Tensor => ({
    name,
    rows,
    columns,
    bytesPerWeight,
    row: () => scaledRow(columns, normal),
  });
  const zero = (name: string, columns: number, rows: number): Tensor => ({
    name,
    rows,
    columns,
    bytesPerWeight,
    row: () => new Float32Array(columns),
  });
  // What a layer writes into the residual stream: nothing where the model is a table.
  const writes = follows ? zero : random;
  const size = vocabulary.texts.length;
  // Column 0 is the same for all tokens, so that a boost can hang on it.
  const embeddings = Array.from({ length: size }, () =>
    Float32Array.from({ length: dimensions }, (_, column) => (column === 0 ? 2 : normal())),
  );
  const outputs = outputRows(model, { vocabulary, embeddings, normal });
  const blocks = Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap((block) => [
    ones(`${block}attn_norm.weight`),
    random(`${block}attn_q.weight`, dimensions, dimensions),
    random(`${block}attn_k.weight`, dimensions, dimensions),
    random(`${block}attn_v.weight`, dimensions, dimensions),
    writes(`${block}attn_output.weight`, dimensions, dimensions),
    ones(`${block}ffn_norm.weight`),
    random(`${block}ffn_gate.weight`, dimensions, feedForward),
    random(`${block}ffn_up.weight`, dimensions, feedForward),
    writes(`${block}ffn_down.weight`, feedForward, dimensions),
  ]);
  const rowOf = (rows: readonly Float32Array[]) => (at: number) => rows[at] ?? new Float32Array(dimensions);
  return [
    { name: "token_embd.weight", rows: size, columns: dimensions, bytesPerWeight, row: rowOf(embeddings) },
    ...blocks,
    ones("output_norm.weight"),
    { name: "output.weight", rows: size, columns: dimensions, bytesPerWeight, row: rowOf(outputs) },
  ];
}

/** 1.4 keeps the residual stream from dying out or growing over a dozen layers. */
function scaledRow(columns: number, normal: () => number): Float32Array {
  const row = new Float32Array(columns);
  for (let column = 0; column < columns; column++) row[column] = (1.4 / Math.sqrt(columns)) * normal();
  return row;
}

function outputRows(
  { dimensions = 64, follows, boosts = {} }: RandomModel,
  { vocabulary, embeddings, normal }: { vocabulary: Vocabulary; embeddings: Float32Array[]; normal: () => number },
): Float32Array[] {
  const rows = embeddings.map(() => (follows ? new Float32Array(dimensions) : scaledRow(dimensions, normal)));
  // Random directions are nearly orthogonal: a row along one token's embedding answers to that token alone.
  for (const [before, after] of Object.entries(follows ?? {})) {
    const from = embeddings[vocabulary.id(before)] ?? new Float32Array();
    const length = Math.hypot(...from);
    rows[vocabulary.id(after)]?.forEach((weight, column, row) => {
      row[column] = weight + (10 * (from[column] ?? 0)) / length;
    });
  }
  for (const [token, boost] of Object.entries(boosts)) {
    const row = rows[vocabulary.id(token)];
    // Column 0 of a normalised embedding is about 2.
    if (row) row[0] = (row[0] ?? 0) + boost / 2;
  }
  return rows;
}

/** Standard normal numbers, out of a table: 76 million logarithms would take 15 s. Box and Muller over mulberry32. */
function gauss(seed: number): () => number {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const uniform = (): number => next() / 4_294_967_296;
  const table = Float32Array.from(
    { length: 65_536 },
    () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  return () => table[next() & 0xffff] ?? 0;
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** IEEE 754 half, rounded to nearest; weights are small and never infinite. */
function toHalf(value: number): number {
  single[0] = value;
  const [word = 0] = bits;
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 112;
  const mantissa = word & 0x7fffff;
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    const shift = 14 - exponent;
    return sign | (((mantissa | 0x800000) + (1 << (shift - 1))) >> shift);
  }
  const half = sign | (exponent << 10) | (mantissa >> 13);
  return (mantissa & 0x1000) === 0 ? half : half + 1;
}

const padded = (size: number): number => Math.ceil(size / alignment) * alignment;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

const list = (kind: number, items: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(kind), u64(items.length), ...items]);
