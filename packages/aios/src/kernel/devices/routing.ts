import { asCallId, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ResultOf } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import { placeOf } from "../call-place.ts";
import type { Lane } from "../lane.ts";
import { promptSize } from "../model-call.ts";
import type { Core } from "../ports.ts";
import { embed } from "../routers/embedding.ts";
import type { CallOutcome } from "../routers/outcome-log.ts";
import { lastUserText } from "../routers/script.ts";
import { modelName } from "../routers/strategy.ts";
import type { LaneFacts } from "../routers/strategy.ts";
import type { KernelCall, KernelDevice } from "./device.ts";
import { modelHistory } from "./model-history.ts";
import { usageOf } from "./usage.ts";

export const routingDevice: KernelDevice<"llm.route" | "llm.rate" | "llm.usage" | "llm.history"> = {
  "llm.route": (args, { parts, record }) => {
    const who = { tenant: record.process.tenant, place: placeOf(record), size: promptSize("llm.chat", args) };
    const plan = parts.router.plan("llm.chat", args, who);
    return {
      ...(plan.strategy === undefined ? {} : { strategy: plan.strategy }),
      inputTokens: plan.inputTokens,
      stages: plan.stages.map(({ because, lanes }, index) => ({
        because,
        isSkipped: index < plan.start,
        lanes: lanes.map((lane) =>
          viewOf(lane, plan.facts.get(lane) ?? (because === "asked" ? { waitMs: plan.waitMs(lane) } : {})),
        ),
      })),
      leftOut: plan.leftOut.map((one) => ({ ...one })),
    };
  },

  "llm.rate": async ({ call, score }, context) => {
    const { parts, principal } = context;
    const known = parts.router.outcomes.find(call);
    const isOwn = known?.tenant === principal.tenant && principal.pid === null;
    const outcome = isOwn ? known : await outcomeOf(call, context);
    parts.router.keep({ ...outcome, rated: score });
    return { model: outcome.model };
  },

  "llm.usage": usageOf,

  "llm.history": modelHistory,
};

function viewOf(lane: Lane, facts: LaneFacts): ResultOf<"llm.route">["stages"][number]["lanes"][number] {
  const { contextTokens } = lane.spec;
  return {
    lane: lane.id,
    model: modelName(lane),
    isSimulated: (lane.driver as Core).isSimulated,
    ...facts,
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

/** Of a chat that the journal holds. @throws SysError ENOENT for what is not there, not an answered chat, or not the caller's. */
async function outcomeOf(call: string, { parts, principal }: KernelCall): Promise<CallOutcome> {
  await parts.outbox.flushed();
  const row = await parts.journal.call(asCallId(call));
  const isMine =
    row &&
    (seesAll(principal) || row.tenant === principal.tenant) &&
    (principal.pid === null || row.pid === principal.pid);
  const request = row?.request as ChatArgs | null | undefined;
  if (!isMine || row.name !== "llm.chat" || row.state !== "done" || !request)
    throw new SysError("ENOENT", `no answered chat ${call}`, {
      hint: "the answer's id stands in its header x-aios-call, and in `aios trace PID`",
    });
  const known = parts.router.outcomes.find(call);
  return {
    call,
    tenant: row.tenant,
    model: row.device,
    query: embed(lastUserText(request)),
    seen: known?.seen ?? 1,
    rated: undefined,
    outputTokens: row.usage.outputTokens,
  };
}
