import type { Foreign } from "@aiosjs/sdk/protocol";

export const dialect = "openai-responses";

/**
 * Members of a request beyond the form, and what becomes of them: `door` is done here, `hint` is left out by a core of
 * another dialect (and told in x-aios-left-out), `refused` is EINVAL with the reason. One that is not in the table is
 * carried as it is, and refused by every core of another dialect.
 */
export const memberTable = {
  previous_response_id: { fate: "door", why: "the earlier response's context comes first" },
  store: { fate: "door", why: "true (the default): the journal keeps the response" },
  metadata: { fate: "door", why: "kept with the response and told again" },
  include: { fate: "door", why: "reasoning always comes with what its upstream needs to read it again" },
  stream_options: { fate: "door", why: "frames are never padded" },
  max_tool_calls: { fate: "door", why: "bounds hosted tools, of which there are none" },
  user: { fate: "hint", why: "names the user, by whom we know the process" },
  safety_identifier: { fate: "hint", why: "names the user, by whom we know the process" },
  client_metadata: { fate: "hint", why: "labels the client" },
  prompt_cache_key: { fate: "hint", why: "says what to keep, not what to read" },
  prompt_cache_options: { fate: "hint", why: "says what to keep, not what to read" },
  prompt_cache_retention: { fate: "hint", why: "says what to keep, not what to read" },
  service_tier: { fate: "hint", why: "says how soon" },
  access_programs: { fate: "hint", why: "belongs to an account" },
  image: { fate: "hint", why: "says how images are packed" },
  context_management: { fate: "hint", why: "says when to shorten a context that may be used up" },
  "truncation: auto": { fate: "hint", why: "without it a context that is too long is an error" },
  "text.verbosity": { fate: "hint", why: "how much to say is each model's own matter" },
  "background: true": { fate: "refused", why: "no response goes on without its client; ask for a stream" },
  conversation: { fate: "refused", why: "no conversations are kept; send previous_response_id" },
  prompt: { fate: "refused", why: "no prompt templates are kept; send instructions and input" },
  moderation: { fate: "refused", why: "no moderation model is behind this door" },
} as const satisfies Readonly<Record<string, { fate: "door" | "hint" | "refused"; why: string }>>;

type Tool = { readonly as: "function" | "custom" | "namespace" | "hint" | "refused"; readonly why: string };
const webSearch: Tool = { as: "hint", why: "agents offer it unasked, and answer without it" };
const hosted: Tool = { as: "refused", why: "runs at OpenAI" };
const shell: Tool = { as: "refused", why: "has calls of a shape of its own; offer a function instead" };

/** What becomes of a tool, by its type; one that is not in the table is refused. */
export const toolTable: Readonly<Record<string, Tool>> = {
  function: { as: "function", why: "the form's own" },
  custom: { as: "custom", why: "a function of one text, `input`; its calls are custom_tool_call items again" },
  namespace: { as: "namespace", why: "its tools, each with the namespace before its name" },
  web_search: webSearch,
  web_search_2025_08_26: webSearch,
  web_search_preview: webSearch,
  web_search_preview_2025_03_11: webSearch,
  image_generation: { as: "hint", why: "agents offer it unasked, and answer without it" },
  tool_search: { as: "hint", why: "all tools are offered at once" },
  local_shell: shell,
  shell,
  apply_patch: shell,
  file_search: hosted,
  code_interpreter: hosted,
  computer: hosted,
  computer_use_preview: hosted,
  mcp: hosted,
  programmatic_tool_calling: hosted,
};

/** Marks on a tool without which it means the same. */
export const toolHints: Readonly<Record<string, string>> = {
  format: "the grammar is told to the model, and not enforced",
  defer_loading: "a tool that is there at once need not be searched for",
  output_schema: "describes an answer that explains itself",
  allowed_callers: "the model itself is who calls anyway",
  async: "says when the client answers",
};

/** What is said beyond the form and changes no answer's meaning; nothing where nothing is. */
export function hinted(members: Readonly<Record<string, unknown>>): { foreign?: Foreign } {
  const hints = Object.keys(members);
  return hints.length === 0 ? {} : { foreign: { dialect, members: { ...members }, hints } };
}
