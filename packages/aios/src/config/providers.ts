type Env = Readonly<Record<string, string | undefined>>;

/** A variable that people keep a provider's key or place in. */
export interface ProviderVariable {
  readonly name: string;
  readonly provider: string;
  readonly isSecret: boolean;
  /** `aios llm add …` that uses it; absent where no core of ours does. */
  readonly core?: string;
  /** An address that answers 200 only to a good key, and costs nothing; the base may be moved as the provider's own SDK lets it. */
  readonly check?: { readonly url: string; readonly base?: string; readonly header?: "x-api-key" };
}

/** Every provider's variable that this system knows, as their own SDKs name them. */
export const providerVariables: readonly ProviderVariable[] = [
  {
    name: "OPENAI_API_KEY",
    provider: "OpenAI",
    isSecret: true,
    core: "openai",
    check: { url: "https://api.openai.com/v1/models", base: "OPENAI_BASE_URL" },
  },
  {
    name: "ANTHROPIC_API_KEY",
    provider: "Anthropic",
    isSecret: true,
    core: "anthropic",
    check: { url: "https://api.anthropic.com/v1/models", base: "ANTHROPIC_BASE_URL", header: "x-api-key" },
  },
  {
    name: "DEEPSEEK_API_KEY",
    provider: "DeepSeek",
    isSecret: true,
    core: "deepseek",
    check: { url: "https://api.deepseek.com/models" },
  },
  {
    name: "GEMINI_API_KEY",
    provider: "Google Gemini",
    isSecret: true,
    core: "google",
    check: { url: "https://generativelanguage.googleapis.com/v1beta/openai/models" },
  },
  {
    name: "GROQ_API_KEY",
    provider: "Groq",
    isSecret: true,
    core: "groq",
    check: { url: "https://api.groq.com/openai/v1/models" },
  },
  {
    name: "MISTRAL_API_KEY",
    provider: "Mistral",
    isSecret: true,
    core: "mistral",
    check: { url: "https://api.mistral.ai/v1/models" },
  },
  {
    name: "XAI_API_KEY",
    provider: "xAI",
    isSecret: true,
    core: "xai",
    check: { url: "https://api.x.ai/v1/models" },
  },
  {
    name: "NOVITA_API_KEY",
    provider: "Novita",
    isSecret: true,
    core: "novita",
    check: { url: "https://api.novita.ai/openai/v1/models" },
  },
  // These two list their models to everybody, so another address has to tell whether the key is good.
  {
    name: "OPENROUTER_API_KEY",
    provider: "OpenRouter",
    isSecret: true,
    core: "openrouter",
    check: { url: "https://openrouter.ai/api/v1/key" },
  },
  {
    name: "HF_TOKEN",
    provider: "Hugging Face",
    isSecret: true,
    core: "huggingface",
    check: { url: "https://huggingface.co/api/whoami-v2" },
  },
  {
    name: "COHERE_API_KEY",
    provider: "Cohere",
    isSecret: true,
    core: "cohere",
    check: { url: "https://api.cohere.com/v1/models" },
  },
  { name: "AZURE_API_KEY", provider: "Azure OpenAI", isSecret: true, core: "azure" },
  { name: "AZURE_RESOURCE_NAME", provider: "Azure OpenAI", isSecret: false },
  { name: "AWS_BEARER_TOKEN_BEDROCK", provider: "Amazon Bedrock", isSecret: true, core: "bedrock" },
  { name: "AWS_REGION", provider: "Amazon Bedrock", isSecret: false },
  { name: "AWS_ACCESS_KEY_ID", provider: "Amazon Bedrock", isSecret: true },
  { name: "AWS_SECRET_ACCESS_KEY", provider: "Amazon Bedrock", isSecret: true },
  { name: "AWS_SESSION_TOKEN", provider: "Amazon Bedrock", isSecret: true },
  { name: "VLLM_API_KEY", provider: "vLLM", isSecret: true, core: "vllm" },
  { name: "LITELLM_API_KEY", provider: "LiteLLM proxy", isSecret: true, core: "litellm" },
  { name: "SGLANG_API_KEY", provider: "SGLang", isSecret: true, core: "sglang" },
  { name: "LLAMA_API_KEY", provider: "llama-server", isSecret: true, core: "llama-server" },
  { name: "HF_HOME", provider: "Hugging Face", isSecret: false },
  { name: "OLLAMA_HOST", provider: "Ollama", isSecret: false, core: "ollama" },
];

export type KeyState = "good" | "refused" | "unreachable" | "unknown";

const checkTimeoutMs = 10_000;

/** Asks the provider whether a key is good. The key goes into one header of one request, and into no message. */
export async function checkKey(
  { check }: ProviderVariable,
  key: string,
  { env, signal }: { env: Env; signal: AbortSignal },
): Promise<{ readonly state: KeyState; readonly detail: string }> {
  if (!check) return { state: "unknown", detail: "" };
  const moved = check.base === undefined ? undefined : env[check.base];
  // Anthropic's base has no /v1, OpenAI's has.
  const path = check.header ? "/v1/models" : "/models";
  const url = moved ? `${moved.replace(/\/+$/, "")}${path}` : check.url;
  try {
    const response = await fetch(url, {
      headers: check.header
        ? { [check.header]: key, "anthropic-version": "2023-06-01" }
        : { authorization: `Bearer ${key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]),
      redirect: "error",
    });
    await response.body?.cancel();
    const { status } = response;
    const { host } = new URL(url);
    if (response.ok) return { state: "good", detail: host };
    // Google answers 400 to a key that is none.
    if (status === 400 || status === 401 || status === 403) return { state: "refused", detail: `${host}: ${status}` };
    return { state: "unknown", detail: `${host}: ${status}` };
  } catch (cause) {
    signal.throwIfAborted();
    const { code } = ((cause as Error).cause ?? {}) as { code?: string };
    return { state: "unreachable", detail: `${new URL(url).host}: ${code ?? (cause as Error).message}` };
  }
}
