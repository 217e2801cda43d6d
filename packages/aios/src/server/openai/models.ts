import { SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import { carryWhole } from "../carry.ts";
import type { Exchange } from "../exchange.ts";
import { callerOf } from "../identity.ts";

interface Listed {
  readonly id: string;
  /** The core, or `aios` for names that the router resolves. */
  readonly owner: string;
  /** Tokens of prompt and answer, where it is known. */
  readonly contextTokens?: number;
}

type Model = ResultOf<"llm.models">["models"][number];
const sizeOf = ({ contextTokens }: Model): Pick<Listed, "contextTokens"> =>
  contextTokens === undefined ? {} : { contextTokens };

/** What a client may say for `model`: what a core lists (with the core's name where two list it), aliases, `auto`. */
export function listModels({ models, aliases }: ResultOf<"llm.models">): Listed[] {
  const cores = new Map<string, Set<string>>();
  for (const { id, core } of models) cores.set(id, (cores.get(id) ?? new Set()).add(core));
  const listed = new Map<string, Listed>();
  for (const model of models) {
    const { id, core } = model;
    const name = cores.get(id)?.size === 1 ? id : `${core}/${id}`;
    listed.set(name, { id: name, owner: core, ...sizeOf(model) });
  }
  for (const alias of Object.keys(aliases))
    if (!alias.includes("*") && !listed.has(alias)) listed.set(alias, { id: alias, owner: "aios" });
  if (!listed.has("auto")) listed.set("auto", { id: "auto", owner: "aios" });
  return [...listed.values()];
}

/** A model by any name that `listModels` lists, or as `core/model`. */
export function findModel(view: ResultOf<"llm.models">, id: string): Listed | undefined {
  const listed = listModels(view).find((model) => model.id === id);
  if (listed) return listed;
  const model = view.models.find((one) => `${one.core}/${one.id}` === id);
  return model && { id, owner: model.core, ...sizeOf(model) };
}

// When a model was made is nobody's knowledge here; both dialects want a date.
const toOpenai = ({ id, owner }: Listed) => ({ id, object: "model", created: 0, owned_by: owner });
const toAnthropic = ({ id, contextTokens }: Listed) => ({
  type: "model",
  id,
  display_name: id,
  created_at: "1970-01-01T00:00:00Z",
  max_input_tokens: contextTokens ?? null,
  max_tokens: null,
  capabilities: null,
  lifecycle: "active",
  line: null,
  deprecated_at: null,
  retires_at: null,
});

const isAnthropic = ({ incoming }: Exchange): boolean => incoming.headers["anthropic-version"] !== undefined;

async function withModels(
  exchange: Exchange,
  write: (view: ResultOf<"llm.models">) => Record<string, unknown>,
): Promise<void> {
  const { doors, incoming } = exchange;
  const { kernel } = doors;
  const { headers } = incoming;
  const principal = authenticate(kernel, headers);
  const caller = callerOf(kernel, principal, { headers, onDetach: "abort" });
  const subscription = kernel.syscall("llm.models", {}, caller);
  await carryWhole(exchange, subscription, { write: ({ result }) => write(result as ResultOf<"llm.models">) });
}

/** `GET /v1/models`, in Anthropic's shape when `anthropic-version` is sent. */
export function models(exchange: Exchange): Promise<void> {
  return withModels(exchange, (view) => {
    const listed = listModels(view);
    if (!isAnthropic(exchange)) return { object: "list", data: listed.map(toOpenai) };
    const data = listed.map(toAnthropic);
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  });
}

/** `GET /v1/models/{id}`; the id may hold slashes. */
export function model(exchange: Exchange, id: string): Promise<void> {
  return withModels(exchange, (view) => {
    const found = findModel(view, id);
    if (!found)
      throw new SysError("ENOENT", `no model ${JSON.stringify(id)}`, { hint: "`aios llm ls` lists what is there" });
    return isAnthropic(exchange) ? toAnthropic(found) : toOpenai(found);
  });
}
