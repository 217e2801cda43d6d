import type { ChatArgs, EmbedArgs } from "@aiosjs/sdk/protocol";
import { promptBytes, textBytes } from "./estimate.ts";
import { promptOf } from "./note-recall.ts";
import type { Core, Driver, ModelSpec, ModelSyscall } from "./ports.ts";

/** Whether a syscall asks a model: then it stands in that model's lanes, takes tokens from buckets and budgets, and has a price. */
export const isModelCall = (name: string): name is ModelSyscall => name === "llm.chat" || name === "llm.embed";

/** Whether a model can be asked that, as far as its core knows. */
export const serves = (core: Core, model: ModelSpec, syscall: ModelSyscall): boolean =>
  core.serves.includes(syscall) && (model.serves ?? ["llm.chat"]).includes(syscall);

/** What a model reads: text whose tokens are estimated, and tokens that the caller has counted. */
export interface PromptSize {
  readonly bytes: number;
  readonly tokens: number;
}

/** Size of the prompt; nothing for calls that ask no model. */
export function promptSize(name: string, args: unknown): PromptSize {
  if (name === "llm.chat") return { bytes: promptBytes(promptOf(args as ChatArgs)), tokens: 0 };
  if (name !== "llm.embed") return { bytes: 0, tokens: 0 };
  let [bytes, tokens] = [0, 0];
  for (const item of (args as EmbedArgs).input) {
    if (typeof item === "string") bytes += textBytes(item);
    else tokens += item.length;
  }
  return { bytes, tokens };
}

/** What a driver is asked: of a chat, with what it recalled, and for no more output than the budgets buy. */
export function askedOf({ name, args }: { name: string; args: unknown }, maxTokens: number | undefined): unknown {
  if (name !== "llm.chat") return args;
  const asked = promptOf(args as ChatArgs);
  return maxTokens === undefined ? asked : { ...asked, maxTokens };
}

/** Whether a model answers there at all. */
export function marksOf(driver: Driver | Core): { isSimulated?: true; isRecorded?: true } {
  if (!("isSimulated" in driver)) return {};
  return { ...(driver.isSimulated ? { isSimulated: true } : {}), ...(driver.isRecorded ? { isRecorded: true } : {}) };
}
