/** A hosted core that the demo can use when asked: a small model with its list price, so that a budget in dollars holds. */
export interface Provider {
  readonly name: string;
  readonly keyName: string;
  readonly model: string;
  /**
   * US dollars per million tokens; the budget is reckoned by it. OpenAI's as listed in June 2026; the others as of 2025
   * and not verified since.
   */
  readonly price: { readonly input: number; readonly output: number };
}

export const providers: readonly Provider[] = [
  { name: "openai", keyName: "OPENAI_API_KEY", model: "gpt-4o-mini", price: { input: 0.15, output: 0.6 } },
  { name: "deepseek", keyName: "DEEPSEEK_API_KEY", model: "deepseek-chat", price: { input: 0.56, output: 1.68 } },
  { name: "groq", keyName: "GROQ_API_KEY", model: "llama-3.1-8b-instant", price: { input: 0.05, output: 0.08 } },
  { name: "mistral", keyName: "MISTRAL_API_KEY", model: "mistral-small-latest", price: { input: 0.1, output: 0.3 } },
  {
    name: "openrouter",
    keyName: "OPENROUTER_API_KEY",
    model: "openai/gpt-4o-mini",
    price: { input: 0.15, output: 0.6 },
  },
];

/** The demo never spends more, whatever the model does. */
export const budgetUsd = 0.5;
/** Of one agent; input and output together. */
export const tokensPerAgent = 20_000;

/** The most that a run can cost: every agent at its limit, all of it at the dearer price, never above the budget. */
export function upperBoundUsd({ price }: Provider, agents: number): number {
  const dearest = Math.max(price.input, price.output);
  return Math.min(budgetUsd, (agents * tokensPerAgent * dearest) / 1e6);
}

/** Providers whose keys stand in this environment. */
export const providersIn = (env: Readonly<Record<string, string | undefined>>): readonly Provider[] =>
  providers.filter(({ keyName }) => (env[keyName] ?? "") !== "");
