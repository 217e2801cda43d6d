import { Kept } from "./kept.ts";

/** A request without its messages, and its messages, as keys of `MemoryBodies`. */
export interface StoredRequest {
  readonly rest: Kept;
  readonly messages: readonly string[] | undefined;
}

/** Messages by their text, each kept once however many calls point to it. */
export class MemoryBodies {
  readonly #refs = new Map<string, number>();
  #sizeChars = 0;

  get count(): number {
    return this.#refs.size;
  }

  get sizeChars(): number {
    return this.#sizeChars;
  }

  /** Counts one more reference to each of the messages. */
  keep(messages: readonly string[]): void {
    for (const text of messages) {
      const refs = this.#refs.get(text) ?? 0;
      if (refs === 0) this.#sizeChars += text.length;
      this.#refs.set(text, refs + 1);
    }
  }

  /** Takes back one reference to each; what nobody points to any more goes. */
  drop(messages: readonly string[]): void {
    for (const text of messages) {
      const refs = (this.#refs.get(text) ?? 0) - 1;
      if (refs > 0) {
        this.#refs.set(text, refs);
        continue;
      }
      this.#refs.delete(text);
      this.#sizeChars -= text.length;
    }
  }
}

/** @throws TypeError, RangeError for what JSON cannot say */
export function storedRequest(request: unknown): StoredRequest {
  if (typeof request !== "object" || request === null || !("messages" in request) || !Array.isArray(request.messages))
    return { rest: new Kept(request), messages: undefined };
  const messages = request.messages.map((message: unknown) => JSON.stringify(message) ?? "null");
  return { rest: new Kept({ ...request, messages: undefined }), messages };
}

export function requestOf({ rest, messages }: StoredRequest): unknown {
  const value = rest.read();
  if (messages === undefined) return value;
  return { ...(value as object), messages: messages.map((text) => JSON.parse(text) as unknown) };
}
