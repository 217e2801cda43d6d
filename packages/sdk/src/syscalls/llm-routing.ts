import { z } from "zod";
import { timingSchema, usageSchema } from "../usage.ts";
import { chatArgsSchema } from "./llm.ts";
import { classSchema, syscall } from "./spec.ts";

const routedLane = z.object({
  lane: z.string(),
  /** `core/model`. */
  model: z.string(),
  isSimulated: z.boolean(),
  waitMs: z.number().optional().describe("until the call could go, by what is waiting there now"),
  expectedMs: z.number().optional().describe("latency: wait and answer, as learned"),
  tokensInFlight: z.number().optional().describe("least-busy"),
  share: z.number().optional().describe("weighted: of the calls, 0…1"),
  quality: z.number().optional().describe("cost-quality: probability of a good answer"),
  neighbours: z.number().optional().describe("outcomes that the quality rests on; 0: it is declared"),
  costUsd: z.number().optional().describe("cost-quality and cascade: what the call would cost there"),
  contextTokens: z.number().optional(),
});

const usageRow = z.object({
  /** Pid, tenant, `core/model` or day (UTC), as asked for. */
  key: z.string(),
  /** A process's name. */
  name: z.string().optional(),
  /** True where no model answered but simulations. */
  isSimulated: z.boolean(),
  done: z.number(),
  failed: z.number(),
  refused: z.number().describe("429, 503 and 529 answers of the upstream"),
  usage: usageSchema,
});

const historicCall = z.object({
  call: z.string(),
  pid: z.string(),
  process: z.string().describe("the process's name"),
  tenant: z.string(),
  nice: z.number().describe("of the process, as it is now"),
  class: classSchema.describe("of the process, as it is now"),
  model: z.string().describe("core/model that answered, or was asked last"),
  code: z.string().nullable().describe("null: answered"),
  usage: usageSchema,
  timing: timingSchema,
});
export type HistoricCall = z.infer<typeof historicCall>;

export const llmRoutingSyscalls = {
  "llm.route": syscall({
    args: chatArgsSchema,
    result: z.object({
      /** Absent where the model was asked for by name. */
      strategy: z.string().optional(),
      inputTokens: z.number().describe("estimated"),
      /** The call would stand in all lanes of one stage at once; the next stage takes over where one has failed. */
      stages: z.array(
        z.object({
          because: z.enum(["asked", "strategy", "rule", "fallback", "escalation"]),
          /** Its lanes rest: the call would begin with a later one. */
          isSkipped: z.boolean(),
          lanes: z.array(routedLane),
        }),
      ),
      leftOut: z.array(
        z.object({
          name: z.string(),
          why: z.enum(["context", "cooling", "weight", "slow", "quality", "price", "unknown"]),
        }),
      ),
    }),
    effect: "pure",
    isView: true,
    doc: "Which lanes would serve a chat request, in which order and why. Asks no model and changes nothing.",
  }),
  "llm.rate": syscall({
    args: z.strictObject({
      call: z.string().describe("an llm.chat of the same tenant that was answered"),
      score: z.number().min(0).max(1).describe("0 useless, 1 good"),
    }),
    result: z.object({ model: z.string() }),
    effect: "idempotent",
    doc: "Say how good an answer was: cost-quality routing learns from it, for the own tenant. The last word counts.",
  }),
  "llm.usage": syscall({
    args: z.strictObject({
      by: z.enum(["model", "process", "tenant", "day"]).default("model"),
      /** Unix epoch milliseconds; default: as far back as the journal goes. */
      since: z.number().nonnegative().default(0),
    }),
    result: z.object({ rows: z.array(usageRow), total: usageRow }),
    effect: "pure",
    isView: true,
    doc: "What model calls have cost, from the journal: of the own tenant, or of all for the home's key; of itself for a process.",
  }),
  "llm.history": syscall({
    args: z.strictObject({
      since: z.number().nonnegative().default(0).describe("only calls that ended at this instant or later"),
      until: z.number().optional().describe("only calls that ended before this instant"),
      after: z.number().int().nonnegative().default(0).describe("`next` of the answer before"),
      limit: z.number().int().positive().max(10_000).default(1_000),
    }),
    result: z.object({
      calls: z.array(historicCall),
      next: z.number().nullable().describe("where the next page begins; null: there is none"),
    }),
    effect: "pure",
    isView: true,
    doc: "Model calls that have ended, in the order of their ends, from the journal: whose, where and when. Of the own tenant, or of all for the home's key; of itself for a process.",
  }),
} as const;
