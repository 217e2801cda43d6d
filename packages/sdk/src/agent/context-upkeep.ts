import type { Client } from "../client.ts";
import { isSysError } from "../errors.ts";
import type { Message } from "../syscalls/llm.ts";
import type { ArgsOf } from "../syscalls/table.ts";
import { addUsage, noUsage } from "../usage.ts";
import type { Usage } from "../usage.ts";
import { contextTokensOf } from "./context-limit.ts";
import type { Conversation } from "./conversation.ts";
import { fitContext, summaryQuestion } from "./fit-context.ts";
import type { Compaction, ContextLimits } from "./fit-context.ts";
import { messageText } from "./message-text.ts";

interface UpkeepOptions {
  readonly conversation: Conversation;
  readonly client: Client;
  readonly signal: AbortSignal;
  /** What every request of the agent has but the messages. */
  readonly request: Omit<ArgsOf<"llm.chat">, "messages">;
  /** What the agent's author set; `maxTokens` is lowered to what the model takes. */
  readonly limits: Partial<ContextLimits>;
}

/** A compaction, and whether the kernel has it on record. */
export type RecordedCompaction = Compaction & { isJournalled: boolean };

/** Below so many tokens nobody asks what the model takes: no model in use has less. */
const SMALLEST_CONTEXT = 1_000;

/** Keeps an agent's conversation within the context of the model that answers it. */
export class ContextUpkeep {
  readonly #options: UpkeepOptions;
  #models: Promise<Parameters<typeof contextTokensOf>[1]> | undefined;
  /** The least that a model takes which was asked for or has answered, or that an upstream refused. */
  #modelTokens = Number.POSITIVE_INFINITY;
  #answering: string;
  #isCountable = true;
  /** What summaries cost since it was last taken. */
  #usage: Usage = noUsage;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#answering = options.request.model ?? "auto";
  }

  /** `core/model` gave the last answer, and counted so many input tokens. */
  answered(model: string, inputTokens: number): void {
    this.#options.conversation.answered(inputTokens);
    this.#answering = model;
  }

  takeUsage(): Usage {
    const usage = this.#usage;
    this.#usage = noUsage;
    return usage;
  }

  /** Makes room for the next request if there is none. @throws SysError E2BIG as `fitContext` says. */
  async fit(): Promise<readonly RecordedCompaction[]> {
    const limits = await this.#limits();
    if (!limits) return [];
    return this.#record(await this.#fit(limits, false));
  }

  /** The upstream said that the request is too long: makes it shorter, whatever was believed of the model. Empty: it cannot. */
  async shorten(): Promise<readonly RecordedCompaction[]> {
    const { conversation, limits: given } = this.#options;
    if (given.onFull === "fail") return [];
    this.#modelTokens = Math.min(this.#modelTokens, conversation.tokens);
    const limits = (await this.#limits()) ?? { maxTokens: conversation.tokens };
    return this.#record(await this.#fit(limits, true));
  }

  #fit(limits: ContextLimits, must: boolean): Promise<readonly Compaction[]> {
    return fitContext(this.#options.conversation, limits, {
      must,
      count: () => this.#count(),
      summarize: (messages, maxTokens) => this.#summarize(messages, maxTokens),
    });
  }

  /** Undefined while nothing limits the conversation. */
  async #limits(): Promise<ContextLimits | undefined> {
    const { conversation, limits, request } = this.#options;
    const { maxTokens: given = Number.POSITIVE_INFINITY } = limits;
    if (conversation.tokens >= SMALLEST_CONTEXT)
      this.#modelTokens = Math.min(this.#modelTokens, (await this.#askModels()) ?? Number.POSITIVE_INFINITY);
    const maxTokens = Math.min(given, this.#modelTokens);
    if (maxTokens === Number.POSITIVE_INFINITY && limits.maxMessages === undefined) return undefined;
    const reserve = limits.reserveTokens ?? request.maxTokens;
    return {
      ...limits,
      maxTokens,
      isAssumed: maxTokens < given,
      ...(reserve === undefined ? {} : { reserveTokens: reserve }),
    };
  }

  async #askModels(): Promise<number | undefined> {
    const { client, signal } = this.#options;
    try {
      this.#models ??= Promise.resolve(client.llm.models({}, { signal }));
      return contextTokensOf(this.#answering, await this.#models);
    } catch (cause) {
      if (signal.aborted) throw cause;
      // Not allowed, or not offered: then the upstream's refusals tell what it takes.
      if (isSysError(cause)) return undefined;
      throw cause;
    }
  }

  async #count(): Promise<number | undefined> {
    const { client, signal, conversation, request } = this.#options;
    if (!this.#isCountable) return undefined;
    try {
      const messages = [...conversation.messages];
      const counted = await client.llm.count({ ...request, model: this.#answering, messages }, { signal });
      this.#isCountable = counted.isExact;
      return counted.isExact ? counted.inputTokens : undefined;
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (!isSysError(cause)) throw cause;
      // A count is a courtesy: without it the own estimate decides, from now on.
      this.#isCountable = false;
      return undefined;
    }
  }

  async #summarize(messages: readonly Message[], maxTokens: number): Promise<string | undefined> {
    const { client, signal, request } = this.#options;
    const { responseFormat: _, ...rest } = request;
    const asked = { ...rest, recall: false, remember: false, messages: [...messages, summaryQuestion], maxTokens };
    const callSite = `${request.callSite ?? ""}:summary`;
    try {
      const { result, usage } = await client.llm.chat({ ...asked, stream: false, callSite }, { signal }).outcome();
      this.#usage = addUsage(this.#usage, usage);
      return messageText(result.message).trim() || undefined;
    } catch (cause) {
      if (signal.aborted) throw cause;
      // What is to be summed up is itself too long for the model, or it will not: then it is dropped, and the event says so.
      if (isSysError(cause) && (cause.code === "E2BIG" || cause.code === "EINVAL")) return undefined;
      throw cause;
    }
  }

  async #record(compactions: readonly Compaction[]): Promise<RecordedCompaction[]> {
    const { client, signal } = this.#options;
    const recorded: RecordedCompaction[] = [];
    for (const compaction of compactions) {
      let isJournalled = true;
      try {
        await client.proc.compact({ ...compaction }, { signal });
      } catch (cause) {
        if (signal.aborted) throw cause;
        // The caller learns of it anyway; a process that may not write of itself goes on.
        if (!isSysError(cause) || (cause.code !== "EACCES" && cause.code !== "ENOSYS")) throw cause;
        isJournalled = false;
      }
      recorded.push({ ...compaction, isJournalled });
    }
    return recorded;
  }
}
