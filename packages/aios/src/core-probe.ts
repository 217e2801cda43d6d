// Tries configured cores without a kernel: a composition beside boot.ts, for `llm test` and `doctor`.
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { makeAiSdkCore } from "./boot-ai-sdk.ts";
import { endpointsOf } from "./boot-cores.ts";
import { makeLlamaCore } from "./boot-llama.ts";
import { makeReplayCore } from "./boot-replay.ts";
import { makeTransformersCore } from "./boot-transformers.ts";
import type { CoreConfig } from "./config/core-schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { realClock } from "./drivers/clock/real.ts";
import { aiSdkKind, isAiSdkKind } from "./drivers/llm/ai-sdk/kinds.ts";
import { createAnthropicCore } from "./drivers/llm/anthropic/core.ts";
import { createOpenAiCore } from "./drivers/llm/openai/core.ts";
import { isOpenAiKind, quirksOf } from "./drivers/llm/openai/quirks.ts";

/** Whether looking at a core of this kind asks its provider for anything; else only package, key and options are seen. */
export const listsModels = (kind: string): boolean => !isAiSdkKind(kind) || aiSdkKind(kind).lists !== undefined;

/** What people keep a hosted provider's key in; undefined for servers of one's own, and where other ways are usual too. */
export function usualKey(kind: CoreConfig["kind"], env: Env): string | undefined {
  if (kind === "anthropic") return "ANTHROPIC_API_KEY";
  if (isAiSdkKind(kind)) {
    const { keyName } = aiSdkKind(kind);
    // AWS credentials do as well as a key.
    return kind === "bedrock" && !env[keyName ?? ""] ? undefined : keyName;
  }
  if (!isOpenAiKind(kind)) return undefined;
  const { keyName, baseUrl } = quirksOf(kind);
  // Servers of one's own mostly want no key; naming a variable that is not set would only stop them.
  return baseUrl?.startsWith("https:") ? keyName : undefined;
}

export interface ProbeResult {
  readonly core: string;
  readonly kind: string;
  readonly endpoint: number;
  readonly models: readonly string[];
  readonly elapsedMs: number;
  /** What is wrong; undefined when the endpoint answered. */
  readonly problem: SysError | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const timeoutMs = 10_000;

/** Asks every endpoint of a core for its models, which costs nothing. A simulation always answers. */
export function probeCore(
  core: CoreConfig,
  { env, home, signal }: { env: Env; home: string; signal: AbortSignal },
): Promise<ProbeResult[]> {
  const { name, kind } = core;
  if (kind === "sim")
    return Promise.resolve([{ core: name, kind, endpoint: 0, models: ["sim"], elapsedMs: 0, problem: undefined }]);
  return Promise.all(
    endpointsOf(core).map(async ({ baseUrl, apiKey: reference }, endpoint) => {
      const startedAt = performance.now();
      let models: readonly string[] = [];
      let problem: SysError | undefined;
      try {
        if (kind === "replay") {
          const replay = await makeReplayCore(core, { models: undefined, home, clock: realClock });
          models = replay.models().map(({ id }) => id);
          return { core: name, kind, endpoint, models, elapsedMs: performance.now() - startedAt, problem };
        }
        if (kind === "llama" || kind === "transformers") {
          // Package and file are looked at; to load the weights takes too long for a question.
          const make = kind === "llama" ? makeLlamaCore : makeTransformersCore;
          await using local = await make(core, { models: undefined, home, env });
          models = local.models().map(({ id }) => id);
          return { core: name, kind, endpoint, models, elapsedMs: performance.now() - startedAt, problem };
        }
        await using made = await makeCore(core, { env, home, endpoint, baseUrl, reference });
        await made.refresh(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
        models = made.models().map(({ id }) => id);
      } catch (cause) {
        signal.throwIfAborted();
        problem = isSysError(cause) ? cause : new SysError("EIO", `core ${name} cannot be tried`, { cause });
      }
      return { core: name, kind, endpoint, models, elapsedMs: performance.now() - startedAt, problem };
    }),
  );
}

async function makeCore(
  core: CoreConfig,
  at: { env: Env; home: string; endpoint: number; baseUrl: string | undefined; reference: string | undefined },
) {
  const { name, kind, headers } = core;
  const { env, home, endpoint, baseUrl, reference } = at;
  const connectMs = Math.min(core.timeouts?.connectMs ?? timeoutMs, timeoutMs);
  const timeouts = { connectMs, headersMs: timeoutMs };
  if (isAiSdkKind(kind)) {
    const place = { env, home, endpoint, baseUrl, apiKey: reference, models: undefined };
    return makeAiSdkCore({ ...core, kind, timeouts }, place);
  }
  if (kind === "sim" || kind === "llama" || kind === "transformers" || kind === "replay")
    throw new SysError("EINVAL", `a core of kind ${kind} has no endpoint`);
  const apiKey = reference && (await resolveSecret(reference, { env, what: `core ${name}` }));
  const settings = { name, endpoint, baseUrl, apiKey, keyReference: reference, headers, timeouts };
  return kind === "anthropic" ? createAnthropicCore(settings) : createOpenAiCore({ ...settings, kind });
}
