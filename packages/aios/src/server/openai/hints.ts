import type { Foreign } from "@aiosjs/sdk/protocol";
import { carriedOf } from "../hints.ts";
import type { HintTable } from "../hints.ts";

/**
 * Members of OpenAI's chat dialect without which an answer means the same, wherever they stand, and why. What the model
 * reads, what it may not do and in what form it answers is never among them; nor is what nobody here knows.
 */
export const chatHints: HintTable = {
  user: { why: "names the user, by whom we know the process" },
  safety_identifier: { why: "names the user, by whom we know the process" },
  prompt_cache_key: { why: "says what to keep, not what to read" },
  prompt_cache_options: { why: "says what to keep, not what to read" },
  prompt_cache_retention: { why: "says what to keep, not what to read" },
  prompt_cache_breakpoint: { why: "says what to keep, not what to read" },
  cache_control: { why: "says what to keep, not what to read" },
  metadata: { why: "labels a stored answer" },
  store: { why: "keeps the answer at OpenAI; here the journal does" },
  service_tier: { why: "says how soon" },
  verbosity: { why: "how much to say is each model's own matter" },
  stream_options: { why: "says how the stream is padded" },
  prediction: { why: "makes an answer faster that is known in part" },
  logprobs: { why: "none are wanted", only: false },
  top_logprobs: { why: "none are wanted", only: 0 },
  modalities: { why: "text is what is answered anyway", only: ["text"] },
};

/** Members that are hints on a tool's result alone: LangChain and others say them, from before there were ids. */
export const resultHints: HintTable = {
  name: { why: "the call, found by its id, says which tool it is" },
};

/** What is said beyond the form, for the object that it was said on; nothing where nothing is. `here`: hints of that object alone. */
export const carried = (members: Readonly<Record<string, unknown>>, here?: HintTable): { foreign?: Foreign } =>
  carriedOf({ dialect: "openai", hints: here ? { ...chatHints, ...here } : chatHints }, members);
