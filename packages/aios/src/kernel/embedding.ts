import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { EmbedResult } from "@aiosjs/sdk/protocol";
import { isTooLong } from "./routers/too-long.ts";

/** A text that is shorter, and refused all the same, is not refused for its length. */
const MIN_CHARS = 64;
/** What any embedding model makes a vector of: tells a text that it refuses from a model that refuses all. */
const PLAIN_TEXT = "note";

/** Asks a model for vectors: an `llm.embed` of whoever pays. */
export type AskModel = (input: readonly string[]) => Promise<EmbedResult>;

/** Of which vectors may be taken. */
interface VectorForm {
  /** core/model; another one's vectors cannot be compared with its. */
  readonly model: string;
  /** Undefined: any, the same for all. */
  readonly dimension: number | undefined;
}

/** The vectors of an answer. @throws SysError EIO when they are not what was asked for. */
function checkedVectors({ embeddings, model }: EmbedResult, form: VectorForm, texts: number): Float32Array[] {
  const broken = (what: string): SysError =>
    new SysError("EIO", `${form.model} ${what}`, { hint: "look at its server: aios llm test tells how it answers" });
  if (model !== form.model)
    throw new SysError("EIO", `${model} answered in place of ${form.model}, and its vectors cannot be compared`, {
      hint: `name no other model for ${form.model} in llms.router.fallbacks`,
    });
  if (embeddings.length !== texts) throw broken(`gave ${embeddings.length} vectors for ${texts} texts`);
  const length = form.dimension ?? embeddings[0]?.length ?? 0;
  for (const vector of embeddings) {
    if (vector.length !== length || length === 0)
      throw broken(`gave a vector of ${vector.length} dimensions in place of ${length}`);
    if (!vector.every((value) => Number.isFinite(Math.fround(value)))) throw broken("gave a vector that is no numbers");
  }
  return embeddings.map((vector) => Float32Array.from(vector));
}

/**
 * Vectors of texts, in their order; a text that is too long for the model is cut to half until it fits, and of one that the
 * model refuses though it answers for others there is none (null).
 * @throws SysError as the model's core
 */
export async function embedTexts(
  texts: readonly string[],
  { form, ask }: { form: VectorForm; ask: AskModel },
): Promise<(Float32Array | null)[]> {
  const embed = async (given: readonly string[]): Promise<(Float32Array | null)[]> => {
    try {
      return checkedVectors(await ask(given), form, given.length);
    } catch (cause) {
      if (!isSysError(cause) || (cause.code !== "EINVAL" && !isTooLong(cause))) throw cause;
      const [only = ""] = given;
      if (given.length > 1) {
        const half = given.length >> 1;
        return [...(await embed(given.slice(0, half))), ...(await embed(given.slice(half)))];
      }
      if (isTooLong(cause) && only.length >= 2 * MIN_CHARS) return embed([only.slice(0, only.length >> 1)]);
      if (only === PLAIN_TEXT) throw cause;
      await embed([PLAIN_TEXT]);
      return [null];
    }
  };
  return embed(texts);
}
