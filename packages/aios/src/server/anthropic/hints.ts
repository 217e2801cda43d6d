import type { Foreign } from "@aiosjs/sdk/protocol";
import { carriedOf } from "../hints.ts";
import type { HintTable } from "../hints.ts";

export const dialect = "anthropic";

/**
 * Members of Anthropic's dialect without which an answer means the same, wherever they stand. What the model reads, what
 * it may not do, and what it may call is never among them; nor is what nobody here knows.
 */
export const hintTable: HintTable = {
  betas: { why: "opens features; those that are used stand in members of their own" },
  metadata: { why: "names the user, by whom we know the process" },
  cache_control: { why: "says what to keep, not what to read" },
  service_tier: { why: "says how soon" },
  speed: { why: "says how fast" },
  thinking: { why: "how long and how visibly to think is each model's own matter" },
  context_management: { why: "drops old context that another core may keep" },
  diagnostics: { why: "asks about the cache, not about the answer" },
  fallbacks: { why: "names models for when this one fails; here the router does" },
  fallback_credit_token: { why: "belongs to a bill" },
  billing_policy: { why: "belongs to a bill" },
  transformations: { why: "says what becomes of an image that is too large" },
  eager_input_streaming: { why: "says in what pieces arguments come" },
  defer_loading: { why: "a tool that is there at once need not be searched for" },
  allowed_callers: { why: "the model itself is who calls anyway", only: ["direct"] },
  caller: { why: "the model itself is who calls anyway", only: { type: "direct" } },
  citations: { why: "off is off", only: { enabled: false } },
};

/** What is said beyond the form, for the object that it was said on; nothing where nothing is. */
export const carried = (members: Readonly<Record<string, unknown>>): { foreign?: Foreign } =>
  carriedOf({ dialect, hints: hintTable }, members);
