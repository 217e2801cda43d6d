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
  anthropic: { kind: "compatible", keyName: "ANTHROPIC_API_KEY", baseUrl: "https://api.anthropic.com/v1" },
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
const otherNames: Readonly<Record<string, string>> = { gemini: "google" };

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
  return translator.end("classic", reasonOf);
}

/** One core for all models of one backend at one address. */
function importModels(tree: unknown, translator: Translator): void {
  const llms = isTree(tree) ? tree["llms"] : undefined;
  const models = isTree(llms) && Array.isArray(llms["models"]) ? (llms["models"] as readonly unknown[]) : [];
  const cores: { name: string; kind: string; baseUrl?: string; apiKey?: string; models: string[] }[] = [];
  for (const [index, model] of models.entries()) {
    const at = `llms.models.${index}`;
    if (!isTree(model) || typeof model["name"] !== "string") continue;
    const said = typeof model["backend"] === "string" ? model["backend"] : "";
    const backend = backends[otherNames[said] ?? said];
    if (!backend) {
      translator.drop(`${at}.name`, reasonOfBackend(said));
      translator.drop(`${at}.backend`, reasonOfBackend(said));
      continue;
    }
    const hostname = typeof model["hostname"] === "string" ? model["hostname"].replace(/\/+$/, "") : "";
    const baseUrl = hostname === "" ? backend.baseUrl : /\/v\d+$/.test(hostname) ? hostname : `${hostname}/v1`;
    const ownKey = typeof model["api_key"] === "string" ? model["api_key"].trim() : "";
    let core = cores.find((each) => each.kind === backend.kind && each.baseUrl === baseUrl && !ownKey);
    if (!core) {
      const same = cores.filter((each) => each.name.startsWith(said)).length;
      const name = same === 0 ? said : `${said}-${same + 1}`;
      const keyName = ownKey ? `${name.toUpperCase().replaceAll("-", "_")}_API_KEY` : backend.keyName;
      if (ownKey && keyName) translator.secret(`${at}.api_key`, keyName, ownKey);
      core = {
        name,
        kind: backend.kind,
        ...(baseUrl === undefined ? {} : { baseUrl }),
        ...(keyName === undefined ? {} : { apiKey: `env:${keyName}` }),
        models: [],
      };
      cores.push(core);
    }
    core.models.push(model["name"]);
    translator.moved(`${at}.name`, `llms.cores, ${core.name}/${model["name"]}`);
    translator.moved(`${at}.backend`, `kind: ${core.kind}`);
    if (hostname) translator.moved(`${at}.hostname`, `baseUrl: ${baseUrl}`);
  }
  if (cores.length > 0) translator.set("llms.cores", cores);
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
      "the default policy is priority with ageing; scheduler.policy: fifo is the old one",
    );
}

const reasonOfBackend = (backend: string): string =>
  backend === "huggingface"
    ? "models in the kernel's own process are not there yet: serve it with vLLM or llama-server, or add a core of kind huggingface"
    : `no kind of core is called ${backend}: add it with aios llm add`;

function reasonOf(key: string): string {
  if (key.endsWith("log_mode")) return "every event is in the journal: aios trace, aios logs";
  if (key.startsWith("memory.")) return "memory is not there yet";
  if (key.startsWith("storage.")) return "search over files is not there yet";
  if (key.startsWith("tool.")) return "MCP servers are not there yet";
  if (key.startsWith("llms.models.")) return "belongs to a model in the kernel's own process, or is not known";
  return "nothing of ours is like it";
}
