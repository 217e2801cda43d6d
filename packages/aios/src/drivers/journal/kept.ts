import { copyJson } from "./same-json.ts";

/** A value as it was when it was kept. Most are never read again: the text is made for the first who asks. */
export class Kept<Value = unknown> {
  #value: unknown;
  #text: string | undefined;

  /** @throws TypeError, RangeError for what JSON cannot say */
  constructor(value: Value) {
    this.#value = copyJson(value);
  }

  get text(): string {
    if (this.#text === undefined) {
      this.#text = JSON.stringify(this.#value) ?? "null";
      this.#value = undefined;
    }
    return this.#text;
  }

  /** A copy of the reader's own. */
  read(): Value {
    return JSON.parse(this.text) as Value;
  }
}
