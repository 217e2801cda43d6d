/** Where a provider's published prices hold: at its own address. By kind of core. */
const hosts: Readonly<Record<string, string>> = {
  openai: "api.openai.com",
  anthropic: "api.anthropic.com",
  google: "generativelanguage.googleapis.com",
  deepseek: "api.deepseek.com",
  groq: "api.groq.com",
  xai: "api.x.ai",
  mistral: "api.mistral.ai",
  cohere: "api.cohere.com",
};

/** Whose published prices hold for a core; none do behind another address: a proxy, a cloud, an own server. */
export function priceListOf(kind: string, baseUrl: string | undefined): string | undefined {
  const host = hosts[kind];
  if (host === undefined) return undefined;
  return baseUrl === undefined || URL.parse(baseUrl)?.hostname === host ? kind : undefined;
}
