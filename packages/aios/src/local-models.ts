// Models that run on this machine: a composition beside boot.ts, so that the demo can ask before it boots.
export { discoverOllama } from "./drivers/llm/openai/ollama.ts";
