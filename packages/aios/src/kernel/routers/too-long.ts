import type { SysError } from "@aiosjs/sdk/protocol";

/** How the upstreams say it: OpenAI, vLLM, Anthropic, Gemini, llama-server, Mistral, Ollama, and the simulation. */
const said =
  /context[ _-](?:length|window|size)|maximum context|prompt has \d+ tokens|too (?:long|many tokens)|input token count|exceeds? the (?:maximum|available|context)/i;

/** Whether an upstream refused a prompt for its length. Most answer 400 in words of their own: EINVAL here. */
export const isTooLong = ({ code, message }: SysError): boolean =>
  code === "E2BIG" || (code === "EINVAL" && said.test(message));
