import type { Client } from "@aiosjs/sdk";
import { fromProblem, isSysError } from "@aiosjs/sdk/protocol";

/** What became of one question to one model. */
interface Answered {
  readonly ms: number;
  /** Until the first piece; null where nothing came before the end. */
  readonly firstMs: number | null;
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Whether it came in pieces; null where it was too short to tell. */
  readonly streams: boolean | null;
  readonly isSimulated: boolean;
  readonly isRecorded: boolean;
}

/** Whether a model can do something, and why not. */
interface Ability {
  readonly can: boolean;
  /** "" where it can. */
  readonly why: string;
}

export interface Trial {
  readonly model: string;
  /** Undefined where the question failed, and of a model that only embeds. */
  readonly answer: Answered | undefined;
  /** Of a model that only embeds. */
  readonly vectors?: { readonly ms: number; readonly dimensions: number };
  /** Asked for by a full trial of a model that answers. */
  readonly tools?: Ability;
  readonly schema?: Ability;
  readonly problem: string | null;
  readonly hint: string | null;
}

interface Options {
  /** `core/model`. */
  readonly model: string;
  /** It does not chat. */
  readonly embeds: boolean;
  readonly isFull: boolean;
  readonly signal: AbortSignal;
}

/** Sixteen tokens tell whether it answers; the other two questions need room for a call and an object. */
const maxTokens = 16;
const maxAbilityTokens = 256;

/** Asks one model through the kernel: queue, key, limits and all. Never rejects but for the caller's own abort. */
export async function tryModel(client: Client, options: Options): Promise<Trial> {
  const { model, embeds, isFull, signal } = options;
  try {
    if (embeds) return { model, answer: undefined, vectors: await embed(client, options), problem: null, hint: null };
    const answer = await ask(client, options);
    if (!isFull) return { model, answer, problem: null, hint: null };
    const [tools, schema] = await Promise.all([ability(callTool(client, options)), ability(fillForm(client, options))]);
    return { model, answer, tools, schema, problem: null, hint: null };
  } catch (cause) {
    signal.throwIfAborted();
    return { model, answer: undefined, ...problemOf(cause) };
  }
}

const problemOf = (cause: unknown): { problem: string; hint: string | null } =>
  isSysError(cause)
    ? { problem: cause.message, hint: cause.hint ?? null }
    : { problem: cause instanceof Error ? cause.message : String(cause), hint: null };

async function ask(client: Client, { model, signal }: Options): Promise<Answered> {
  const startedAt = performance.now();
  const messages = [{ role: "user" as const, content: "Count from 1 to 5. Digits and spaces only." }];
  const batches = client.llm.chat({ model, messages, maxTokens, stream: true }, { signal });
  let firstMs: number | null = null;
  let pieces = 0;
  let text = "";
  for await (const event of batches) {
    if (event.type === "text.delta" || event.type === "reasoning.delta") {
      firstMs ??= performance.now() - startedAt;
      pieces++;
      if (event.type === "text.delta") text += event.text;
    }
    if (event.type === "syscall.failed") throw fromProblem(event.error);
    if (event.type !== "syscall.completed") continue;
    const { inputTokens, outputTokens } = event.usage;
    const { isSimulated = false, isRecorded = false } = event.result as { isSimulated?: boolean; isRecorded?: boolean };
    return {
      ms: Math.round(performance.now() - startedAt),
      firstMs: firstMs === null ? null : Math.round(firstMs),
      text: text.trim().slice(0, 200),
      inputTokens,
      outputTokens,
      streams: pieces > 1 ? true : outputTokens > 3 ? false : null,
      isSimulated,
      isRecorded,
    };
  }
  throw new Error(`${model} ended without an answer`);
}

async function embed(client: Client, { model, signal }: Options): Promise<{ ms: number; dimensions: number }> {
  const startedAt = performance.now();
  const { embeddings } = await client.llm.embed({ model, input: ["one two three"] }, { signal });
  return { ms: Math.round(performance.now() - startedAt), dimensions: embeddings[0]?.length ?? 0 };
}

async function ability(trial: Promise<string>): Promise<Ability> {
  try {
    const why = await trial;
    return { can: why === "", why };
  } catch (cause) {
    return { can: false, why: problemOf(cause).problem };
  }
}

/** "" where it called the tool with arguments that fit, else what it did instead. */
async function callTool(client: Client, { model, signal }: Options): Promise<string> {
  const { message } = await client.llm.chat(
    {
      model,
      messages: [{ role: "user", content: "What is the weather in Lima? Use the tool." }],
      tools: [{ name: "weather", description: "The weather of a city", parameters: cityForm }],
      toolChoice: "required",
      maxTokens: maxAbilityTokens,
    },
    { signal },
  );
  const [call] = message.toolCalls ?? [];
  if (call === undefined) return "it answered with text";
  if (call.name !== "weather") return `it called ${call.name}, which is not there`;
  return misfit(call.arguments);
}

/** "" where its answer fits the schema, else what is wrong with it. */
async function fillForm(client: Client, { model, signal }: Options): Promise<string> {
  const { message } = await client.llm.chat(
    {
      model,
      messages: [{ role: "user", content: "Name a city as JSON." }],
      responseFormat: { type: "json-schema", name: "city", schema: cityForm, strict: true },
      maxTokens: maxAbilityTokens,
    },
    { signal },
  );
  const { content } = message;
  return misfit(typeof content === "string" ? content : (content ?? []).map((part) => part.text).join(""));
}

const cityForm = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

function misfit(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `it wrote no JSON: ${JSON.stringify(text.slice(0, 80))}`;
  }
  const { city } = (value ?? {}) as { city?: unknown };
  return typeof city === "string" ? "" : `it does not fit the schema: ${JSON.stringify(text.slice(0, 80))}`;
}
