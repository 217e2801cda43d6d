import { canonicalJson, meaningOfRequest } from "@aiosjs/sdk/protocol";
import type { ChatArgs, EmbedArgs } from "@aiosjs/sdk/protocol";
import type { Hash } from "./ports.ts";

/** SHA-256 of what a call asks for: of a model call the model and all that may change the answer, of others every argument. */
export function requestHash(hash: Hash, name: string, args: unknown): string {
  if (name !== "llm.chat" && name !== "llm.embed") return hash.sha256(canonicalJson([name, args]));
  const request = args as ChatArgs | EmbedArgs;
  return hash.sha256(canonicalJson([name, request.model, meaningOfRequest(request)]));
}
