import { noUsage, SysError, type EmbedArgs, type Usage } from "@aiosjs/sdk/protocol";
import { ownMembers } from "./foreign.ts";
import type { EmbeddingModel } from "./spec.ts";
import { leftOutOf } from "./warnings.ts";

type Answered = Awaited<ReturnType<EmbeddingModel["doEmbed"]>>;

interface Embedded {
  readonly embeddings: number[][];
  /** Undefined where a request told no tokens. */
  readonly usage: Usage | undefined;
  readonly leftOut: string[];
  readonly responses: readonly Answered["response"][];
}

/**
 * Vectors of all inputs, in as many requests as the model needs, one after the other.
 * @throws SysError EINVAL for what it cannot be told, EIO when a vector is missing.
 */
export async function embed(
  model: EmbeddingModel,
  args: EmbedArgs,
  { core, signal }: { core: string; signal: AbortSignal },
): Promise<Embedded> {
  const values = args.input.map((input) => {
    if (typeof input === "string") return input;
    throw new SysError("EINVAL", `core ${core} embeds texts, no token ids`, { hint: "send the texts themselves" });
  });
  const leftOut = new Set<string>();
  const { provider, specificationVersion: version } = model;
  const own = ownMembers(args.foreign, { core, provider, takes: ["providerOptions"], leftOut });
  if (args.dimensions !== undefined && version !== "v4") {
    throw new SysError("EINVAL", `core ${core} takes no dimensions: its package speaks ${version} of the AI SDK`, {
      hint: "install a newer release of the package, or use foreign ai-sdk providerOptions",
    });
  }
  const size = Math.max(1, (await model.maxEmbeddingsPerCall) ?? values.length);
  const embeddings: number[][] = [];
  const responses: Answered["response"][] = [];
  let tokens: number | undefined = 0;
  for (let start = 0; start < values.length; start += size) {
    const part = values.slice(start, start + size);
    const answered = await model.doEmbed({
      values: part,
      ...(args.dimensions === undefined ? {} : { dimensions: args.dimensions }),
      ...own,
      abortSignal: signal,
    });
    const vectors = answered.embeddings ?? [];
    if (vectors.length !== part.length) {
      throw new SysError("EIO", `core ${core} sent ${vectors.length} vectors for ${part.length} texts`);
    }
    embeddings.push(...vectors.map((vector) => [...vector]));
    for (const name of leftOutOf(answered.warnings)) leftOut.add(name);
    responses.push(answered.response);
    const { usage } = answered;
    tokens = tokens === undefined || typeof usage?.tokens !== "number" ? undefined : tokens + usage.tokens;
  }
  return {
    embeddings,
    usage: tokens === undefined || Number.isNaN(tokens) ? undefined : { ...noUsage, inputTokens: tokens },
    leftOut: [...leftOut],
    responses,
  };
}
