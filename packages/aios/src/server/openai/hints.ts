import type { Foreign } from "@aiosjs/sdk/protocol";
import { isDeepStrictEqual } from "node:util";

interface Hint {
  readonly why: string;
  /** The one value that is a hint; absent: any is. */
  readonly only?: unknown;
}

/**
 * Members of OpenAI's chat dialect without which an answer means the same, wherever they stand, and why. What the model
 * reads, what it may not do and in what form it answers is never among them; nor is what nobody here knows.
 */
export const chatHints: Readonly<Record<string, Hint>> = {
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

const isHint = (name: string, value: unknown): boolean => {
  const hint = Object.hasOwn(chatHints, name) ? chatHints[name] : undefined;
  return hint !== undefined && (hint.only === undefined || isDeepStrictEqual(value, hint.only));
};

/** Members that are hints on a tool's result alone, and why: LangChain and others say them, from before there were ids. */
export const resultHints: Readonly<Record<string, string>> = {
  name: "the call, found by its id, says which tool it is",
};

/** What is said beyond the form, for the object that it was said on; nothing where nothing is. `here`: hints of that object alone. */
export function carried(
  members: Readonly<Record<string, unknown>>,
  here: Readonly<Record<string, string>> = {},
): { foreign?: Foreign } {
  const names = Object.keys(members);
  if (names.length === 0) return {};
  const hints = names.filter((name) => Object.hasOwn(here, name) || isHint(name, members[name]));
  return { foreign: { dialect: "openai", members: { ...members }, ...(hints.length > 0 ? { hints } : {}) } };
}
