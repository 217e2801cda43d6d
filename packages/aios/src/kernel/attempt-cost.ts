import type { ChatArgs, Usage } from "@aiosjs/sdk/protocol";
import { exhausted, reserve, settle, shortAccount } from "./budget.ts";
import type { Account, Reservation } from "./budget.ts";
import { longestAnswer, planChat, planEmbed } from "./clamp.ts";
import type { Lane } from "./lane.ts";
import { isModelCall } from "./model-call.ts";
import type { Core } from "./ports.ts";
import type { Entry } from "./scheduler.ts";

const noCost = { tokens: 0, costUsd: 0, calls: 0, toolCalls: 0 };

interface CostOptions {
  readonly accounts: readonly Account[];
  readonly entry: Entry;
  readonly lane: Lane;
  readonly minOutputTokens: number;
  readonly nowMs: number;
}

/** What one attempt reserves of the budgets, and gives back. */
export class AttemptCost {
  readonly #isToolCall: boolean;
  readonly #reservation: Reservation | undefined;
  /** What the budgets still buy, and the model gives; undefined: as the call says. */
  readonly maxTokens: number | undefined;
  readonly isClamped: boolean;

  /** @throws SysError EDQUOT when a budget does not buy it, EINVAL where it could not be held here. */
  constructor(options: CostOptions) {
    const { accounts, entry, lane, nowMs, minOutputTokens } = options;
    const { name, args } = entry.record;
    this.#isToolCall = name === "tool.call";
    this.isClamped = false;
    if (accounts.length === 0) {
      if (name === "llm.chat" && (args as ChatArgs).maxTokens !== undefined)
        this.maxTokens = longestAnswer(args as ChatArgs, lane.spec);
      return;
    }
    if (!isModelCall(name)) {
      const cost = { ...noCost, calls: 1, toolCalls: this.#isToolCall ? 1 : 0 };
      const short = shortAccount(accounts, cost, nowMs);
      if (short) throw exhausted(short, name, nowMs);
      this.#reservation = reserve(accounts, cost);
      return;
    }
    const { inputTokens } = entry.demand;
    const { driver, model, price, spec } = lane;
    const bill = { inputTokens, price, core: driver as Core, model, spec, minOutputTokens, nowMs };
    if (name === "llm.embed") {
      this.#reservation = reserve(accounts, planEmbed(accounts, bill));
      return;
    }
    const plan = planChat(args as ChatArgs, accounts, bill);
    this.maxTokens = plan.maxTokens;
    this.isClamped = plan.isClamped;
    this.#reservation = reserve(accounts, plan.cost);
  }

  get accounts(): readonly Account[] {
    return this.#reservation?.accounts ?? [];
  }

  /** The attempt is over and the call is not. */
  leave({ inputTokens, outputTokens, costUsd }: Usage): void {
    if (this.#reservation) settle(this.#reservation, { ...noCost, tokens: inputTokens + outputTokens, costUsd });
  }

  /** The call has ended. */
  end({ inputTokens, outputTokens, costUsd }: Usage): void {
    if (!this.#reservation) return;
    const tokens = inputTokens + outputTokens;
    settle(this.#reservation, { tokens, costUsd, calls: 1, toolCalls: this.#isToolCall ? 1 : 0 });
  }
}
