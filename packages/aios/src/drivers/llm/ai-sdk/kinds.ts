import type { RateLimitFamily } from "../http/rate-limits.ts";

/** A kind of core that is an AI SDK provider package. */
export interface AiSdkKindRow {
  /** npm name; undefined where the configuration has to say it. */
  readonly packageName: string | undefined;
  /** Exports that make the provider, the first that is there; undefined: found by the package's name. */
  readonly create: readonly string[];
  /** The variable in which people keep its key. */
  readonly keyName: string | undefined;
  /** Options of the provider that come from these variables where the configuration says nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it lists its models over HTTP by itself. */
  readonly lists: "google" | undefined;
}

const none = { create: [], keyName: undefined, env: {}, lists: undefined } as const;

const kinds = {
  google: {
    ...none,
    packageName: "@ai-sdk/google",
    create: ["createGoogleGenerativeAI", "createGoogle"],
    keyName: "GEMINI_API_KEY",
    lists: "google",
  },
  // A bearer key, or AWS credentials: the package signs with them where there is no key.
  bedrock: {
    ...none,
    packageName: "@ai-sdk/amazon-bedrock",
    create: ["createAmazonBedrock"],
    keyName: "AWS_BEARER_TOKEN_BEDROCK",
    env: {
      region: "AWS_REGION",
      accessKeyId: "AWS_ACCESS_KEY_ID",
      secretAccessKey: "AWS_SECRET_ACCESS_KEY",
      sessionToken: "AWS_SESSION_TOKEN",
    },
  },
  azure: {
    ...none,
    packageName: "@ai-sdk/azure",
    create: ["createAzure"],
    keyName: "AZURE_API_KEY",
    env: { resourceName: "AZURE_RESOURCE_NAME" },
  },
  cohere: { ...none, packageName: "@ai-sdk/cohere", create: ["createCohere"], keyName: "COHERE_API_KEY" },
  "ai-sdk": { ...none, packageName: undefined },
} as const satisfies Record<string, AiSdkKindRow>;

/** The values of a core's `kind` that this driver serves. */
export type AiSdkKind = keyof typeof kinds;

export const isAiSdkKind = (kind: string): kind is AiSdkKind => Object.hasOwn(kinds, kind);
export const aiSdkKind = (kind: AiSdkKind): AiSdkKindRow => kinds[kind];

/** Which headers tell where the rate limits stand; most providers send OpenAI's, or none. */
export const rateLimitsOf = (packageName: string): RateLimitFamily =>
  packageName === "@ai-sdk/groq" ? "tokensOnly" : packageName === "@ai-sdk/mistral" ? "mistral" : "perMinute";
