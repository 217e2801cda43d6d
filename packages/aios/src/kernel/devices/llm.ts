import type { Lane } from "../lane.ts";
import { promptSize } from "../model-call.ts";
import type { Core } from "../ports.ts";
import type { KernelDevice } from "./device.ts";

/** What is asked about models, not of them. */
export const llmDevice: KernelDevice<"llm.count"> = {
  "llm.count": async (args, { parts, record, signal }) => {
    // The model that would answer if it were free now.
    const lane = parts.lanes.ofModel(args.model, "llm.chat")[0] as Lane;
    const core = lane.driver as Core;
    const model = `${core.name}/${lane.model}`;
    if (core.count) {
      const { original } = record;
      const inputTokens = await core.count({ ...args, model: lane.model }, { model: lane.model, signal, original });
      return { inputTokens, isExact: true, model };
    }
    const size = promptSize("llm.chat", args);
    const inputTokens = parts.estimator.inputTokens(lane.model, size.bytes) + size.tokens;
    return { inputTokens, isExact: false, model };
  },
};
