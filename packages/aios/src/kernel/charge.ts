import type { Usage } from "@aiosjs/sdk/protocol";
import type { Service } from "./policies/policy.ts";

/** What one attempt was charged for: its prompt at dispatch, its answer as it came, and at the end the difference to what it used. */
export class Charge {
  readonly #to: (service: Service) => void;
  #prefillTokens = 0;
  #decodeTokens = 0;

  constructor(to: (service: Service) => void) {
    this.#to = to;
  }

  begin(inputTokens: number): void {
    this.#add({ prefillTokens: inputTokens, decodeTokens: 0 });
  }

  /** So many tokens of the answer are there by now. */
  produced(outputTokens: number): void {
    if (outputTokens > this.#decodeTokens)
      this.#add({ prefillTokens: 0, decodeTokens: outputTokens - this.#decodeTokens });
  }

  /** Tokens that the core had cached were no work. */
  settle({ inputTokens, cachedInputTokens, outputTokens }: Usage): void {
    this.#add({
      prefillTokens: inputTokens - cachedInputTokens - this.#prefillTokens,
      decodeTokens: outputTokens - this.#decodeTokens,
    });
  }

  #add(service: Service): void {
    if (service.prefillTokens === 0 && service.decodeTokens === 0) return;
    this.#prefillTokens += service.prefillTokens;
    this.#decodeTokens += service.decodeTokens;
    this.#to(service);
  }
}
