import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Usage } from "@aiosjs/sdk/protocol";
import { exhausted, shortAccount } from "./budget.ts";
import type { Account, Cost } from "./budget.ts";
import type { Core, ModelSpec, Price } from "./ports.ts";

/** Assumed where neither the caller nor a budget bounds the answer. */
const UNBOUNDED_OUTPUT = 4_096;
const PER = 1_000_000;

export interface Plan {
  readonly cost: Cost;
  /** What the upstream is told; absent where nothing bounds it. */
  readonly maxTokens: number | undefined;
  readonly isClamped: boolean;
}

/** What tokens cost in US dollars. */
export function costUsd(
  price: Price | undefined,
  usage: Pick<Usage, "inputTokens" | "outputTokens"> & Partial<Usage>,
): number {
  if (!price) return 0;
  const { input, cachedInput = input, cacheWrite = input, cacheWriteHour = cacheWrite } = price;
  const cached = Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens);
  const written = Math.min(usage.cacheWriteInputTokens ?? 0, usage.inputTokens - cached);
  const forAnHour = Math.min(usage.cacheWriteHourInputTokens ?? 0, written);
  const fresh = usage.inputTokens - cached - written;
  const ofInput =
    fresh * input + cached * cachedInput + (written - forAnHour) * cacheWrite + forAnHour * cacheWriteHour;
  return (ofInput + usage.outputTokens * price.output) / PER;
}

/**
 * What a request may cost at most. Its prompt is reserved at the price of being written to the cache: whether the core does
 * that shows only afterwards, and for an hour only where the request says so.
 */
function dearestUsd(args: ChatArgs, price: Price | undefined): (inputTokens: number, outputTokens: number) => number {
  if (!price) return () => 0;
  const { input, cacheWrite = input, cacheWriteHour = cacheWrite } = price;
  // Quotes within a text would be escaped: this is a member.
  const isForAnHour = cacheWriteHour > cacheWrite && JSON.stringify(args).includes('"ttl":"1h"');
  const dearest = { ...price, input: Math.max(input, isForAnHour ? cacheWriteHour : cacheWrite) };
  return (inputTokens, outputTokens) => costUsd(dearest, { inputTokens, outputTokens });
}

interface Bill {
  readonly inputTokens: number;
  readonly price: Price | undefined;
  readonly core: Core;
  readonly model: string;
  readonly nowMs: number;
}

/** @throws SysError EINVAL where a budget in dollars meets a model whose price nobody told. */
function refuseWithoutPrice(accounts: readonly Account[], { price, core, model }: Bill): void {
  if (price || !accounts.some(({ resource }) => resource === "costUsd")) return;
  throw new SysError("EINVAL", `${core.name}/${model} has no price, so a budget in US dollars cannot hold`, {
    hint: "give the model a price in the configuration (llms.cores[].models[].price), or limit tokens instead",
  });
}

/**
 * What embedding takes: the input, as estimated; there is nothing to clamp.
 * @throws SysError EDQUOT when a budget does not buy that, EINVAL for a money budget on a model without a price.
 */
export function planEmbed(accounts: readonly Account[], bill: Bill): Cost {
  refuseWithoutPrice(accounts, bill);
  const { inputTokens, price, nowMs } = bill;
  const cost = {
    tokens: inputTokens,
    costUsd: costUsd(price, { inputTokens, outputTokens: 0 }),
    calls: 1,
    toolCalls: 0,
  };
  const short = shortAccount(accounts, cost, nowMs);
  if (short) throw exhausted(short, "llm.embed", nowMs);
  return cost;
}

/**
 * The longest answer that this call can get: what it asks for, as far as the model goes. Undefined where neither says anything;
 * an upstream refuses a request for more than its model can give.
 */
export function longestAnswer({ maxTokens }: ChatArgs, { maxOutputTokens }: ModelSpec): number | undefined {
  if (maxTokens === undefined) return maxOutputTokens;
  return Math.min(maxTokens, maxOutputTokens ?? maxTokens);
}

/**
 * Hard budgets by clamping: the answer may be as long as the tightest budget still buys after the prompt is paid,
 * and exactly that is reserved.
 * @throws SysError EDQUOT when less than `minOutputTokens` (or than the caller asked for, if that is less) is left,
 *   EINVAL for a money budget on a model without a price, or any token budget on a core that ignores `max_tokens`.
 */
export function planChat(
  args: ChatArgs,
  accounts: readonly Account[],
  options: Bill & { minOutputTokens: number; spec: ModelSpec },
): Plan {
  const { inputTokens, price, core, nowMs, spec } = options;
  const wanted = longestAnswer(args, spec);
  // What the model gives anyway need not be said.
  const said = args.maxTokens === undefined ? undefined : wanted;
  const usdOf = dearestUsd(args, price);
  const costOf = (outputTokens: number): Cost => ({
    tokens: inputTokens + outputTokens,
    costUsd: usdOf(inputTokens, outputTokens),
    calls: 1,
    toolCalls: 0,
  });
  const bounding = accounts.filter(({ resource }) => resource === "tokens" || resource === "costUsd");
  if (bounding.length === 0) {
    const short = shortAccount(accounts, costOf(0), nowMs);
    if (short) throw exhausted(short, "llm.chat", nowMs);
    return { cost: costOf(wanted ?? UNBOUNDED_OUTPUT), maxTokens: said, isClamped: false };
  }
  if (!core.honoursMaxTokens)
    throw new SysError(
      "EINVAL",
      `${core.name} ignores an upper bound of the answer, so the budget of ${bounding[0]?.scope} cannot hold there`,
    );
  refuseWithoutPrice(bounding, options);
  let affordable = wanted ?? Number.POSITIVE_INFINITY;
  let tightest: Account | undefined;
  for (const account of bounding) {
    const left = account.leftAt(nowMs);
    const buys =
      account.resource === "tokens"
        ? left - inputTokens
        : price && price.output > 0
          ? Math.floor(((left - costOf(0).costUsd) * PER) / price.output)
          : Number.POSITIVE_INFINITY;
    if (buys < affordable) [affordable, tightest] = [buys, account];
  }
  if (tightest && affordable < Math.min(options.minOutputTokens, wanted ?? Number.POSITIVE_INFINITY))
    throw exhausted(tightest, "llm.chat", nowMs);
  const maxTokens = affordable === Number.POSITIVE_INFINITY ? undefined : affordable;
  const cost = costOf(maxTokens ?? UNBOUNDED_OUTPUT);
  const short = shortAccount(accounts, cost, nowMs);
  if (short) throw exhausted(short, "llm.chat", nowMs);
  return { cost, maxTokens, isClamped: tightest !== undefined };
}
