import { z } from "zod";

/** What a syscall cost. Tokens as the core counted them; `costUsd` is 0 where the model has no price. */
export const usageSchema = z.object({
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  /** Of the input: written to the core's prompt cache, which some cores charge more for. Absent: none. */
  cacheWriteInputTokens: z.number().optional(),
  /** Of those written: kept for an hour or longer, which costs more still. Absent: none. */
  cacheWriteHourInputTokens: z.number().optional(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
  costUsd: z.number(),
  /** Paid for and thrown away: attempts that failed midway, answers nobody read. */
  wastedTokens: z.number(),
});
export type Usage = z.infer<typeof usageSchema>;

export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costUsd: 0,
  wastedTokens: 0,
});

export function addUsage(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    costUsd: left.costUsd + right.costUsd,
    wastedTokens: left.wastedTokens + right.wastedTokens,
    ...cacheWrites(
      (left.cacheWriteInputTokens ?? 0) + (right.cacheWriteInputTokens ?? 0),
      (left.cacheWriteHourInputTokens ?? 0) + (right.cacheWriteHourInputTokens ?? 0),
    ),
  };
}

/** The members of a usage that tell what was written to a prompt cache; none where nothing was. */
export const cacheWrites = (
  tokens: number,
  ofThemForAnHour = 0,
): Pick<Usage, "cacheWriteInputTokens" | "cacheWriteHourInputTokens"> => ({
  ...(tokens > 0 ? { cacheWriteInputTokens: tokens } : {}),
  ...(ofThemForAnHour > 0 ? { cacheWriteHourInputTokens: ofThemForAnHour } : {}),
});

/** When a syscall waited, ran and ended. Instants are Unix epoch milliseconds. */
export const timingSchema = z.object({
  queuedAt: z.number(),
  /** First dispatch to a device; equals `endedAt` for a call that never left the queue. */
  startedAt: z.number(),
  endedAt: z.number(),
  /** All time spent in run queues, retries included. */
  waitingMs: z.number(),
  turnaroundMs: z.number(),
});
export type Timing = z.infer<typeof timingSchema>;
