import { noUsage } from "@aiosjs/sdk/protocol";
import type { Usage } from "@aiosjs/sdk/protocol";
import { costUsd } from "./clamp.ts";
import type { Service } from "./policies/policy.ts";
import type { Price } from "./ports.ts";

/** What a token of an answer is taken for until its usage is told. */
const BYTES_PER_TOKEN = 4;

/** Tokens of an answer so far. */
export const producedTokens = (outputBytes: number): number => Math.floor(outputBytes / BYTES_PER_TOKEN);

/** What an attempt without usage figures has cost: the prompt and what came, all of it for nothing. */
export function guessUsage(inputTokens: number, outputBytes: number, price: Price | undefined): Usage {
  const outputTokens = Math.ceil(outputBytes / BYTES_PER_TOKEN);
  const usage = { ...noUsage, inputTokens, outputTokens, wastedTokens: inputTokens + outputTokens };
  return { ...usage, costUsd: costUsd(price, usage) };
}

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
