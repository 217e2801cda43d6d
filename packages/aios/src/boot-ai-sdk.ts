// Makes a core of an AI SDK provider package: a composition beside boot-cores.ts, for the kernel and for `llm test`.
import { SysError } from "@aiosjs/sdk/protocol";
import type { CoreConfig } from "./config/core-schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { createAiSdkCore, type AiSdkCore } from "./drivers/llm/ai-sdk/core.ts";
import { aiSdkKind, type AiSdkKind } from "./drivers/llm/ai-sdk/kinds.ts";
import { loadPackage } from "./drivers/llm/ai-sdk/load.ts";
import { withGuess } from "./drivers/llm/openai/models.ts";
import type { ModelSpec } from "./kernel/ports.ts";

interface Place {
  readonly endpoint: number;
  readonly baseUrl: string | undefined;
  /** A reference. */
  readonly apiKey: string | undefined;
  readonly models: readonly ModelSpec[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where its package is looked for first. */
  readonly home: string;
}

/** @throws SysError EINVAL for a package that is not installed or is no provider, and for a secret that is not there. */
export async function makeAiSdkCore(core: CoreConfig & { kind: AiSdkKind }, at: Place): Promise<AiSdkCore> {
  const { name, kind, limits, headers, timeouts, create } = core;
  const { env, home, endpoint, baseUrl, models } = at;
  const row = aiSdkKind(kind);
  const packageName = core.package ?? row.packageName;
  if (packageName === undefined) {
    throw new SysError("EINVAL", `core ${name} names no package`, {
      hint: `llms.cores: {name: ${name}, kind: ${kind}, package: "@ai-sdk/cohere"}`,
    });
  }
  const what = `core ${name}`;
  const apiKey = at.apiKey === undefined ? undefined : await resolveSecret(at.apiKey, { env, what });
  const secrets: string[] = [];
  const resolve = async (reference: string): Promise<string> => {
    const secret = await resolveSecret(reference, { env, what });
    secrets.push(secret);
    return secret;
  };
  const options = {
    ...(apiKey === undefined ? fromEnv(row.env, { env, secrets }) : fromEnv(notSecret(row.env), { env, secrets: [] })),
    ...((await withSecrets(core.options ?? {}, resolve)) as Record<string, unknown>),
  };
  const folders = [home, process.cwd(), import.meta.dirname];
  return createAiSdkCore({
    name,
    kind,
    endpoint,
    packageName,
    module: await loadPackage({ core: name, packageName, folders }),
    create,
    options,
    secrets,
    baseUrl,
    apiKey,
    keyReference: at.apiKey,
    models: models?.map(withGuess),
    limits,
    headers,
    timeouts,
  });
}

type Names = Readonly<Record<string, string>>;

/** With a key of its own the rest of the credentials stays out: a package may prefer them to it. */
const notSecret = (names: Names): Names =>
  Object.fromEntries(Object.entries(names).filter(([option]) => !isSecret(option)));
const isSecret = (option: string): boolean => /key|token/i.test(option);

function fromEnv(names: Names, { env, secrets }: { env: Place["env"]; secrets: string[] }): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [option, name] of Object.entries(names)) {
    const value = env[name];
    if (!value) continue;
    found[option] = value;
    if (isSecret(option)) secrets.push(value);
  }
  return found;
}

/** References in the options (`env:NAME`, `file:PATH`), at any depth, replaced by what they stand for. */
async function withSecrets(value: unknown, resolve: (reference: string) => Promise<string>): Promise<unknown> {
  if (typeof value === "string") {
    return /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/.test(value) ? resolve(value) : value;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => withSecrets(item, resolve)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await withSecrets(inner, resolve)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
