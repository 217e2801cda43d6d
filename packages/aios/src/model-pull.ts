// Weights from Hugging Face's hub: a composition beside boot.ts, for `llm pull`, which needs no kernel.
export { PullFault } from "./drivers/llm/hugging-face/fault.ts";
export type { FaultName } from "./drivers/llm/hugging-face/fault.ts";
export { pull } from "./drivers/llm/hugging-face/pull.ts";
export type { Pulled, PullEvent } from "./drivers/llm/hugging-face/pull.ts";
