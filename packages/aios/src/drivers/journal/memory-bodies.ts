/** A request without its messages, and its messages, as keys of `MemoryBodies`. */
export interface StoredRequest {
  readonly rest: string;
  readonly messages: readonly string[] | undefined;
}

/** Bodies by their text, each kept once however many calls point to it. */
export class MemoryBodies {
  readonly #refs = new Map<string, number>();
  #sizeChars = 0;

  get count(): number {
    return this.#refs.size;
  }

  get sizeChars(): number {
    return this.#sizeChars;
  }

  /** Stores a value or counts one more reference to it, and returns its text. */
  keep(value: unknown): string {
    const text = JSON.stringify(value) ?? "null";
    const refs = this.#refs.get(text) ?? 0;
    if (refs === 0) this.#sizeChars += text.length;
    this.#refs.set(text, refs + 1);
    return text;
  }

  /** Takes back one reference; what nobody points to any more goes. */
  drop(text: string): void {
    const refs = (this.#refs.get(text) ?? 0) - 1;
    if (refs > 0) {
      this.#refs.set(text, refs);
      return;
    }
    this.#refs.delete(text);
    this.#sizeChars -= text.length;
  }

  keepRequest(request: unknown): StoredRequest {
    if (typeof request !== "object" || request === null || !("messages" in request)) {
      return { rest: this.keep(request), messages: undefined };
    }
    const { messages, ...rest } = request;
    if (!Array.isArray(messages)) return { rest: this.keep(request), messages: undefined };
    return { rest: this.keep(rest), messages: messages.map((message: unknown) => this.keep(message)) };
  }

  dropRequest({ rest, messages }: StoredRequest): void {
    this.drop(rest);
    for (const message of messages ?? []) this.drop(message);
  }

  requestOf({ rest, messages }: StoredRequest): unknown {
    const value = JSON.parse(rest) as unknown;
    if (messages === undefined) return value;
    return { ...(value as object), messages: messages.map((text) => JSON.parse(text) as unknown) };
  }
}
