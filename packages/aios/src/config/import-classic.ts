import { isTree } from "./predecessor.ts";
import { Translator } from "./translation.ts";
import type { Translation } from "./translation.ts";

interface Backend {
  readonly kind: string;
  readonly keyName?: string;
  /** Where the kind has no address of its own. */
  readonly baseUrl?: string;
}

/** Their `backend` as a kind of ours. Google and Anthropic are reached by their OpenAI-compatible endpoints. */
const backends: Readonly<Record<string, Backend>> = {
  openai: { kind: "openai", keyName: "OPENAI_API_KEY" },
  google: {
    kind: "compatible",
    keyName: "GEMINI_API_KEY",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  },
  anthropic: { kind: "anthropic", keyName: "ANTHROPIC_API_KEY" },
  groq: { kind: "groq", keyName: "GROQ_API_KEY" },
  novita: { kind: "novita", keyName: "NOVITA_API_KEY" },
  deepseek: { kind: "deepseek", keyName: "DEEPSEEK_API_KEY" },
  mistral: { kind: "mistral", keyName: "MISTRAL_API_KEY" },
  openrouter: { kind: "openrouter", keyName: "OPENROUTER_API_KEY" },
  xai: { kind: "xai", keyName: "XAI_API_KEY" },
  ollama: { kind: "ollama" },
  vllm: { kind: "vllm" },
  sglang: { kind: "compatible", baseUrl: "http://127.0.0.1:30000/v1" },
};
const backendOf = (said: string): Backend | undefined => backends[said === "gemini" ? "google" : said];

const keyNames: Readonly<Record<string, string>> = {
  "api_keys.openai": "OPENAI_API_KEY",
  "api_keys.gemini": "GEMINI_API_KEY",
  "api_keys.groq": "GROQ_API_KEY",
  "api_keys.anthropic": "ANTHROPIC_API_KEY",
  "api_keys.deepseek": "DEEPSEEK_API_KEY",
  "api_keys.novita": "NOVITA_API_KEY",
  "api_keys.huggingface": "HF_TOKEN",
  "api_keys.huggingface.auth_token": "HF_TOKEN",
  "api_keys.huggingface.cache_dir": "HF_HOME",
  "api_keys.huggingface.home": "HF_HOME",
};

/** Translates the first predecessor's configuration (`aios/config/config.yaml` of agiresearch/AIOS). */
export function importClassic(tree: unknown): Translation {
  const translator = new Translator(tree);
  const text = (key: string): string => {
    const value = translator.at(key);
    return typeof value === "string" ? value.trim() : "";
  };
  for (const [key, name] of Object.entries(keyNames)) if (text(key)) translator.secret(key, name, text(key));
  importModels(tree, translator);
  importRouter(translator);

  const port = translator.at("server.port");
  if (typeof port === "number") translator.map("server.port", "server.port", port);
  const host = text("server.host");
  if (/^(localhost|127\.[\d.]+|::1)$/.test(host))
    translator.map("server.host", "server.host", host === "localhost" ? "127.0.0.1" : host);
  else if (host)
    translator.drop(
      "server.host",
      `${host} would open the kernel to the network: set server.host, server.allowedHosts and server.trustProxy yourself`,
    );
  const workers = translator.at("agent_factory.max_workers");
  if (typeof workers === "number") translator.map("agent_factory.max_workers", "scheduler.maxConcurrent", workers);
  if (text("storage.root_dir")) translator.map("storage.root_dir", "files.root", text("storage.root_dir"));
  importMemory(translator);
  return translator.end("classic", reasonOf);
}

/** What it put into prompts and took from answers by itself. */
function importMemory(translator: Translator): void {
  if (translator.at("memory.auto_extract") === true) translator.map("memory.auto_extract", "memory.remember", true);
  if (translator.at("memory.auto_inject") !== true) return;
  const bounds = { "memory.max_injected_memories": "limit", "memory.max_memory_tokens": "maxTokens" };
  const recall: Record<string, number> = {};
  for (const [key, name] of Object.entries(bounds)) {
    const value = translator.at(key);
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) continue;
    recall[name] = name === "limit" ? Math.min(50, value) : Math.min(100_000, value);
    translator.moved(key, `memory.recall.${name}`);
  }
  translator.map("memory.auto_inject", "memory.recall", Object.keys(recall).length === 0 ? true : recall);
}

interface Draft {
  readonly name: string;
  readonly kind: string;
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly models: string[];
}

/** One core for all models of one backend at one address with one key. */
function importModels(tree: unknown, translator: Translator): void {
  const drafts: Draft[] = [];
  const models = [...modelsOf(tree)];
  // Without a key of its own a model uses its provider's, as it did there.
  for (const { backend, key } of models) {
    const keyName = backendOf(backend)?.keyName;
    if (!key && keyName !== undefined) translator.refer(keyName);
  }
  for (const { at, name, backend: said, ...model } of models) {
    const backend = backendOf(said);
    const baseUrl = backend && baseUrlOf(model.hostname, backend);
    const reason = backend ? undefined : reasonOfBackend(said);
    if (!backend || baseUrl === null) {
      translator.drop(at.name, reason ?? `${model.hostname} is no address: http://HOST:PORT`);
      translator.drop(at.backend, reason ?? "its model was not taken over");
      continue;
    }
    const usual = backend.keyName ?? `${said.toUpperCase()}_API_KEY`;
    const keyName = model.key ? translator.secret(at.key, usual, model.key) : backend.keyName;
    const apiKey = keyName === undefined ? undefined : `env:${keyName}`;
    const same = (draft: Draft) => draft.kind === backend.kind && draft.baseUrl === baseUrl && draft.apiKey === apiKey;
    let core = drafts.find(same);
    if (!core) {
      core = {
        name: freeName(said, drafts),
        kind: backend.kind,
        ...(baseUrl === undefined ? {} : { baseUrl }),
        ...(apiKey === undefined ? {} : { apiKey }),
        models: [],
      };
      drafts.push(core);
    }
    core.models.push(name);
    translator.moved(at.name, `llms.cores, ${core.name}/${name}`);
    translator.moved(at.backend, `kind: ${core.kind}`);
    if (model.hostname) translator.moved(at.hostname, `baseUrl: ${baseUrl}`);
  }
  if (drafts.length > 0) translator.set("llms.cores", drafts);
}

function freeName(name: string, taken: readonly Draft[]): string {
  let free = name;
  for (let count = 2; taken.some((draft) => draft.name === free); count++) free = `${name}-${count}`;
  return free;
}

/** Where the server is; undefined for the kind's own address, null for what is none. */
function baseUrlOf(hostname: string, { baseUrl }: Backend): string | undefined | null {
  if (hostname === "") return baseUrl;
  const url = (/^[a-z]+:\/\//i.test(hostname) ? hostname : `http://${hostname}`).replace(/\/+$/, "");
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return null;
  return /\/v\d+$/.test(url) ? url : `${url}/v1`;
}

interface Model {
  /** Where its members stand in their file. */
  readonly at: Readonly<Record<"name" | "backend" | "hostname" | "key", string>>;
  readonly name: string;
  readonly backend: string;
  readonly hostname: string;
  readonly key: string;
}

/** `llms.models`, and the one model of the form before it (`llm.default_model`). */
function* modelsOf(tree: unknown): Generator<Model> {
  if (!isTree(tree)) return;
  const { llms, llm } = tree;
  const text = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
  if (isTree(llm) && text(llm["default_model"]))
    yield {
      at: { name: "llm.default_model", backend: "llm.backend", hostname: "llm.hostname", key: "llm.api_key" },
      name: text(llm["default_model"]),
      backend: text(llm["backend"]),
      hostname: text(llm["hostname"]),
      key: text(llm["api_key"]),
    };
  const models = isTree(llms) && Array.isArray(llms["models"]) ? (llms["models"] as readonly unknown[]) : [];
  for (const [index, model] of models.entries()) {
    if (!isTree(model) || !text(model["name"])) continue;
    const at = `llms.models.${index}`;
    yield {
      at: { name: `${at}.name`, backend: `${at}.backend`, hostname: `${at}.hostname`, key: `${at}.api_key` },
      name: text(model["name"]),
      backend: text(model["backend"]),
      hostname: text(model["hostname"]),
      key: text(model["api_key"]),
    };
  }
}

function importRouter(translator: Translator): void {
  const strategy = translator.at("llms.router.strategy");
  if (strategy === "sequential") translator.map("llms.router.strategy", "llms.router.strategy", "sequential");
  else if (strategy !== undefined)
    translator.drop(
      "llms.router.strategy",
      `${JSON.stringify(strategy)} is not there yet; calls for auto take turns (sequential)`,
    );
  const slices = translator.at("llms.use_context_manager");
  // Their context manager is what switches their scheduler from FIFO to round robin.
  if (slices === true) translator.map("llms.use_context_manager", "scheduler.policy", "rr");
  else if (slices === false)
    translator.drop(
      "llms.use_context_manager",
      "the default policy is plas-vtc (fair between tenants, short programs first); scheduler.policy: fifo is the old one",
    );
}

const reasonOfBackend = (backend: string): string =>
  backend === "huggingface"
    ? "models in the kernel's own process are not there yet: serve it with vLLM or llama-server, or add a core of kind huggingface"
    : `no kind of core is called ${backend}: add it with aios llm add`;

function reasonOf(key: string): string {
  if (key.endsWith("log_mode")) return "every event is in the journal: aios trace, aios logs";
  if (key === "memory.relevance_threshold")
    return "it is a number of another embedder: what is much less like a message than the best hit stays out; memory.recall.minSimilarity";
  if (key === "memory.auto_extract" || key === "memory.auto_inject") return "off, as it is here";
  if (key.startsWith("memory.")) return "notes are kept by the kernel itself: aios mem";
  if (key.startsWith("storage.")) return "search over files is not there yet";
  if (key.startsWith("tool.")) return "MCP servers are not there yet";
  if (key.startsWith("llm."))
    return "one model's own settings: a caller says them (max_tokens), or the server that runs the model";
  if (key.startsWith("llms.models.")) return "belongs to a model in the kernel's own process, or is not known";
  return "nothing of ours is like it";
}
