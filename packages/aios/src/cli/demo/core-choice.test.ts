import { expect, test } from "vitest";
import { isCliError } from "../cli-error.ts";
import { translate } from "../text.ts";
import { chooseCore } from "./core-choice.ts";
import { budgetUsd, providers, providersIn, tokensPerAgent, upperBoundUsd } from "./providers.ts";

const asking = (env: Record<string, string>) => ({
  // Nobody listens on the discard port.
  env: { OLLAMA_HOST: "127.0.0.1:9", ...env },
  signal: new AbortController().signal,
  t: ((text, ...values) => translate("en", text, ...values)) as Parameters<typeof chooseCore>[1]["t"],
});

test("a key in the environment is never spent without being asked for", async () => {
  const choice = await chooseCore(undefined, asking({ OPENAI_API_KEY: "sk-real", DEEPSEEK_API_KEY: "sk-real" }));
  expect(choice.isSimulated).toBe(true);
  expect(JSON.stringify(choice)).not.toContain("API_KEY");
});

test("a provider that is asked for is used by reference to its key, under limits that keep the budget", async () => {
  const choice = await chooseCore("openai", asking({ OPENAI_API_KEY: "sk-real" }));
  expect(JSON.stringify(choice)).not.toContain("sk-real");
  expect(choice.cores[0]).toMatchObject({ kind: "openai", apiKey: "env:OPENAI_API_KEY" });
  const usd = choice.limits.find(({ resource }) => resource === "costUsd");
  expect((usd?.limit ?? Infinity) * 12).toBeLessThanOrEqual(budgetUsd + 1e-9);
  expect(choice.atMostUsd).toBeLessThanOrEqual(budgetUsd);
});

test("the bound that is printed covers every agent at its token limit, and never exceeds the budget", () => {
  for (const provider of providers) {
    const worst = (12 * tokensPerAgent * Math.max(provider.price.input, provider.price.output)) / 1e6;
    expect(upperBoundUsd(provider, 12)).toBe(Math.min(budgetUsd, worst));
  }
});

test("without a key, without an Ollama, or with a core that nobody knows it says what to do", async () => {
  const refusal = async (wanted: string) => {
    const cause = await chooseCore(wanted, asking({})).catch((error: unknown) => error);
    return isCliError(cause) ? { exit: cause.exit, text: `${cause.message} ${cause.hint ?? ""}` } : undefined;
  };
  expect(await refusal("openai")).toMatchObject({ exit: 4, text: expect.stringContaining("OPENAI_API_KEY") as string });
  expect(await refusal("ollama")).toMatchObject({ exit: 3, text: expect.stringContaining("ollama") as string });
  expect(await refusal("skynet")).toMatchObject({ exit: 2, text: expect.stringContaining("deepseek") as string });
});

test("an empty variable is no key", () => {
  expect(providersIn({ OPENAI_API_KEY: "" })).toEqual([]);
});
