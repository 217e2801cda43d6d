import type { EmbedArgs, EmbedResult, Usage } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { parseObject, readBody } from "../body.ts";
import { carryWhole } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { returningCallerOf } from "../identity.ts";
import * as fields from "./fields.ts";
import type { Members } from "./fields.ts";
import { WrongMember } from "./fields.ts";

type Input = EmbedArgs["input"];
type Encoding = "float" | "base64";

const known = new Set(["model", "input", "dimensions", "encoding_format"]);
/** Whose request it is changes no vector. */
const hints = ["user"];

const isIds = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => Number.isInteger(item));

/** A text, texts, a list of token ids, or lists of them. */
function inputOf(value: unknown): Input {
  if (typeof value === "string") return [value];
  if (isIds(value)) return [value];
  const items = fields.list(value, "input");
  if (items.length === 0) throw new WrongMember("input", "expected at least one text");
  return items.map((item, index) => {
    if (typeof item === "string" || isIds(item)) return item;
    throw fields.wrong(`input[${index}]`, "a text or a list of token ids", item);
  });
}

function encodingOf(value: unknown): Encoding {
  const encoding = fields.optionalText(value, "encoding_format") ?? "float";
  if (encoding === "float" || encoding === "base64") return encoding;
  throw new WrongMember("encoding_format", `expected float or base64, got ${JSON.stringify(encoding)}`);
}

/** A request of OpenAI's embeddings API in the kernel's form. @throws WrongMember naming the member. */
function toEmbedRequest(body: Members): { args: EmbedArgs; encoding: Encoding } {
  const model = fields.optionalText(body["model"], "model") ?? "auto";
  if (model === "") throw new WrongMember("model", "expected the name of a model", "`auto` lets the kernel choose");
  const dimensions = fields.optionalInteger(body["dimensions"], "dimensions");
  if (dimensions !== undefined && dimensions < 1)
    throw new WrongMember("dimensions", `expected at least 1, got ${dimensions}`);
  const members: Record<string, unknown> = {};
  fields.copyMore(body, known, members);
  const args: EmbedArgs = {
    model,
    input: inputOf(body["input"]),
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(Object.keys(members).length === 0 ? {} : { foreign: { dialect: "openai", members, hints } }),
  };
  return { args, encoding: encodingOf(body["encoding_format"]) };
}

/** 32-bit floats, little-endian, as the official clients read them. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  for (const [place, value] of vector.entries()) bytes.writeFloatLE(value, place * 4);
  return bytes.toString("base64");
}

const toEmbedAnswer = (
  { embeddings: vectors, model }: EmbedResult,
  { encoding, usage }: { encoding: Encoding; usage: Usage },
): Members => ({
  object: "list",
  data: vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding === "base64" ? toBase64(vector) : vector,
  })),
  model,
  usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens },
});

/** `POST /v1/embeddings`. A client that leaves ends its call. */
export async function embeddings(exchange: Exchange): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const principal = authenticate(kernel, incoming.headers);
  const body = parseObject(await readBody(incoming, doors.maxBodyBytes));
  const { args, encoding } = toEmbedRequest(body);
  const caller = await returningCallerOf(kernel, principal, { headers: incoming.headers, body, onDetach: "abort" });
  const subscription = kernel.syscall("llm.embed", args, caller);
  await carryWhole(exchange, subscription, {
    write: ({ result, usage }) => toEmbedAnswer(result as EmbedResult, { encoding, usage }),
  });
}
