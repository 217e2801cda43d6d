// The AI SDK's model specification, as far as this driver uses it. Requests are written in its fourth version, whose types
// are imported (types alone: nothing of the SDK is a dependency); answers are read unchecked, member by member, because
// three versions of them come and a package may be newer than these lines.
import { SysError } from "@aiosjs/sdk/protocol";

const versions = ["v4", "v3", "v2"] as const;
export type SpecVersion = (typeof versions)[number];

/** One part of an answer, whole or in a stream. */
export interface AnswerPart {
  readonly type?: unknown;
  readonly [member: string]: unknown;
}

export type Metadata = Record<string, Record<string, unknown>>;

interface Response {
  readonly id?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Generated {
  readonly content?: readonly AnswerPart[];
  readonly finishReason?: unknown;
  readonly usage?: unknown;
  readonly warnings?: unknown;
  readonly providerMetadata?: unknown;
  readonly response?: Response;
}

/** A language model of version 2, 3 or 4. */
export interface ChatModel {
  readonly specificationVersion: SpecVersion;
  readonly provider: string;
  readonly supportedUrls?: PromiseLike<Record<string, RegExp[]>> | Record<string, RegExp[]>;
  doGenerate(options: object): PromiseLike<Generated>;
  doStream(options: object): PromiseLike<{ stream: ReadableStream<AnswerPart>; response?: Response }>;
}

/** An embedding model of version 2, 3 or 4. */
export interface EmbeddingModel {
  readonly specificationVersion: SpecVersion;
  readonly provider: string;
  readonly maxEmbeddingsPerCall?: PromiseLike<number | undefined> | number | undefined;
  doEmbed(options: object): PromiseLike<{
    embeddings?: readonly (readonly number[])[];
    usage?: { tokens?: number };
    warnings?: unknown;
    response?: Response;
  }>;
}

/** What `createX(…)` of a provider package makes. */
export interface Provider {
  languageModel?(id: string): unknown;
  embeddingModel?(id: string): unknown;
  /** What version 2 calls it. */
  textEmbeddingModel?(id: string): unknown;
}

/** @throws SysError EINVAL for a version that this driver does not speak. */
export function checkVersion<Model extends ChatModel | EmbeddingModel>(
  model: unknown,
  { core, packageName }: { core: string; packageName: string },
): Model {
  const version = (model as { specificationVersion?: unknown } | null | undefined)?.specificationVersion;
  if (versions.includes(version as SpecVersion)) return model as Model;
  const said = typeof version === "string" ? `specification ${version}` : "no specification";
  throw new SysError("EINVAL", `core ${core} cannot use ${packageName}: its models name ${said} of the AI SDK`, {
    hint: `a release of ${packageName} whose models are ${versions.join(", ")} works: npm install ${packageName}@latest`,
  });
}
