// Tries configured cores without a kernel: a composition beside boot.ts, for `llm test` and `doctor`.
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { endpointsOf } from "./boot-cores.ts";
import type { CoreConfig } from "./config/schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { createOpenAiCore } from "./drivers/llm/openai/core.ts";

export { isOpenAiKind, quirksOf } from "./drivers/llm/openai/quirks.ts";

export interface ProbeResult {
  readonly core: string;
  readonly kind: string;
  readonly endpoint: number;
  readonly models: readonly string[];
  readonly elapsedMs: number;
  /** What is wrong; undefined when the endpoint answered. */
  readonly problem: SysError | undefined;
}

const timeoutMs = 10_000;

/** Asks every endpoint of a core for its models, which costs nothing. A simulation always answers. */
export function probeCore(
  core: CoreConfig,
  { env, signal }: { env: Readonly<Record<string, string | undefined>>; signal: AbortSignal },
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
        const apiKey = reference && (await resolveSecret(reference, { env, what: `core ${name}` }));
        const connectMs = Math.min(core.timeouts?.connectMs ?? timeoutMs, timeoutMs);
        await using made = createOpenAiCore({
          name,
          kind,
          endpoint,
          baseUrl,
          apiKey,
          keyReference: reference,
          headers: core.headers,
          timeouts: { connectMs, headersMs: timeoutMs },
        });
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
