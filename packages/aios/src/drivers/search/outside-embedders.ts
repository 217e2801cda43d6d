import { SysError } from "@aiosjs/sdk/protocol";
import type { Embedder } from "./embedder.ts";
import { isSparse } from "./vector-index.ts";
import type { Made, Maker } from "./wire.ts";

/** The embedders that answer in the kernel's thread: those that ask a model. */
export class OutsideEmbedders {
  readonly #embedders: readonly Embedder[];
  readonly #stopped = new AbortController();

  constructor(embedders: readonly Embedder[]) {
    this.#embedders = embedders;
  }

  has(maker: Maker): boolean {
    return this.#find(maker) !== undefined;
  }

  /** @throws SysError EIO when it answers with other vectors than it said; whatever it throws itself */
  async embed(maker: Maker, texts: readonly string[]): Promise<Made> {
    const { name, dimension } = maker;
    const vectors = (await this.#find(maker)?.embed(texts, { signal: this.#stopped.signal })) ?? [];
    const isWhole = vectors.every((vector) =>
      isSparse(vector)
        ? vector.indices.length === vector.values.length && (vector.indices.at(-1) ?? 0) < dimension
        : vector.length === dimension,
    );
    if (isWhole && vectors.length === texts.length) return { name, dimension, vectors };
    throw new SysError("EIO", `${name} did not answer with ${texts.length} vectors of ${dimension} dimensions`, {
      hint: "set the embedder's dimension to what its model has",
    });
  }

  /** Ends what is being embedded. */
  stop(): void {
    this.#stopped.abort();
  }

  #find({ name, dimension }: Maker): Embedder | undefined {
    return this.#embedders.find((embedder) => embedder.name === name && embedder.dimension === dimension);
  }
}
