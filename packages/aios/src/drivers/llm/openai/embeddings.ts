import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { EmbedArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import type { Pool } from "undici";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { exchangeError, malformed, quote, readUpstreamError, refusalError, type Place } from "../http/errors.ts";
import { readLimits, type RateLimitFamily } from "../http/rate-limits.ts";
import { readUsage } from "./usage.ts";
import type { WireUsage } from "./wire.ts";

const dialect = "openai";

interface Options {
  readonly pool: Pool;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly place: Place;
  readonly rateLimits: RateLimitFamily;
  readonly signal: AbortSignal;
}

/** What no caller replaces: which model and texts, and the form of the vectors, which is ours and not the client's. */
const kept = new Set(["model", "input", "dimensions", "encoding_format"]);

/** The body of POST /embeddings. @throws SysError EINVAL for what another dialect says and this one cannot. */
function toBody(args: EmbedArgs, { core, model }: Place): { body: Record<string, unknown>; leftOut: string[] } {
  const { input, dimensions, foreign } = args;
  const body: Record<string, unknown> = { model, input };
  if (dimensions !== undefined) body["dimensions"] = dimensions;
  if (foreign === undefined) return { body, leftOut: [] };
  const names = Object.keys(foreign.members);
  if (foreign.dialect === dialect) {
    for (const name of names) if (!kept.has(name)) body[name] = foreign.members[name];
    return { body, leftOut: [] };
  }
  const needed = names.filter((name) => !foreign.hints?.includes(name));
  if (needed.length === 0) return { body, leftOut: names };
  throw new SysError(
    "EINVAL",
    `core ${core} speaks openai and cannot be told ${foreign.dialect}'s ${needed.join(", ")}`,
    {
      hint: `leave it out, or name a core that speaks ${foreign.dialect}`,
    },
  );
}

/** One POST of texts, one result with their vectors. The body is read whole: nothing can be made of half a vector. */
export async function* embed(args: EmbedArgs, options: Options): AsyncGenerator<readonly DriverEvent[]> {
  const { pool, path, headers, place, rateLimits, signal } = options;
  const { body, leftOut } = toBody(args, place);
  if (leftOut.length > 0) yield [{ type: "request.adapted", leftOut }];
  let receivedBytes = 0;
  try {
    signal.throwIfAborted();
    const response = await pool.request({ path, method: "POST", headers, body: JSON.stringify(body), signal });
    const { statusCode: status, headers: said } = response;
    const text = await response.body.text();
    receivedBytes = text.length;
    const limits = readLimits(said, rateLimits, Date.now());
    if (limits !== undefined) yield [{ type: "limits", limits }];
    const json = parsed(text);
    if (status < 200 || status > 299) {
      const page = json !== undefined || text.trimStart().startsWith("<") ? "" : text;
      const refusal = { status, headers: said, error: readUpstreamError(json), text: page, nowMs: Date.now() };
      throw refusalError(place, refusal);
    }
    yield [toResult(json, { args, place, text })];
  } catch (cause) {
    if (signal.aborted) throw isSysError(signal.reason) ? signal.reason : cancelled(signal);
    throw exchangeError(place, cause, receivedBytes);
  }
}

const cancelled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the call was cancelled", { cause: signal.reason });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

interface WireEmbeddings {
  readonly data?: unknown;
  readonly usage?: WireUsage | null;
}

function toResult(json: unknown, about: { args: EmbedArgs; place: Place; text: string }): DriverEvent {
  const { args, place, text } = about;
  const wire = (typeof json === "object" ? json : null) as WireEmbeddings | null;
  if (!Array.isArray(wire?.data))
    throw malformed(place, `sent something else than a list of vectors: "${quote(text, place, 120)}"`);
  const embeddings: number[][] = [];
  for (const [place, item] of (wire.data as readonly ({ index?: unknown; embedding?: unknown } | null)[]).entries()) {
    const vector = toVector(item?.embedding);
    // `index` is the order of the inputs; where it is missing, the list is.
    if (vector) embeddings[typeof item?.index === "number" ? item.index : place] = vector;
  }
  const wanted = args.input.length;
  if (embeddings.length !== wanted || embeddings.includes(undefined as never))
    throw malformed(place, `sent ${Object.keys(embeddings).length} vectors for ${wanted} texts`);
  const result: EmbedResult = { embeddings, model: `${place.core}/${place.model}` };
  const usage = wire.usage ? readUsage(wire.usage) : undefined;
  // An upstream that names no figure has not said that it was free.
  return {
    type: "result",
    result,
    ...(usage && usage.inputTokens > 0 ? { usage: { ...usage, outputTokens: 0 } } : {}),
  };
}

/** Numbers, or the same as base64 of 32-bit floats in little-endian order, which some servers send unasked. */
function toVector(value: unknown): number[] | undefined {
  if (Array.isArray(value)) return value as number[];
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return Array.from({ length: bytes.length >> 2 }, (_, place) => bytes.readFloatLE(place * 4));
}
