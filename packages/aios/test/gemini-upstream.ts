// A simulation of the Gemini API's wire (ai.google.dev/api/generate-content, /embeddings, /models): written from its
// documentation, not recorded. What it answers is made up; the form is the real one as far as the documentation tells.
import type { Received, Reply } from "./upstream.ts";

export interface GeminiAnswer {
  /** One chunk each when streamed. Default: "Hello", ", ", "world", ".". */
  readonly pieces?: readonly string[];
  readonly thoughts?: readonly string[];
  readonly calls?: readonly { readonly name: string; readonly args: unknown; readonly thoughtSignature?: string }[];
  readonly finishReason?: string;
  /** Never ends: the last chunk is withheld. */
  readonly isEndless?: boolean;
  /** Breaks the connection after so many chunks, or ends it there as if it were whole. */
  readonly breaksAfter?: { readonly chunks: number; readonly how: "reset" | "end" };
}

const usageMetadata = {
  promptTokenCount: 12,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 2,
  totalTokenCount: 19,
  cachedContentTokenCount: 4,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 12 }],
};

const response = (parts: readonly unknown[], finishReason?: string): object => ({
  candidates: [
    { content: { parts, role: "model" }, ...(finishReason === undefined ? {} : { finishReason }), index: 0 },
  ],
  usageMetadata,
  modelVersion: "gemini-test",
  responseId: "resp-1",
});

const partsOf = ({ pieces, thoughts = [], calls = [] }: GeminiAnswer): object[] => [
  ...thoughts.map((text) => ({ text, thought: true })),
  ...(pieces ?? (calls.length > 0 ? [] : ["Hello", ", ", "world", "."])).map((text) => ({ text })),
  ...calls.map(({ name, args, thoughtSignature }) => ({
    functionCall: { name, args },
    ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
  })),
];

/** The answer to one request of the API: streamed where it went to `:streamGenerateContent?alt=sse`. */
export function geminiReply({ path }: Received, answer: GeminiAnswer = {}): Reply {
  const parts = partsOf(answer);
  const finishReason = answer.finishReason ?? "STOP";
  if (!path.includes(":streamGenerateContent")) {
    if (answer.breaksAfter !== undefined) return { is: "reset" };
    return answer.isEndless === true
      ? { is: "silence" }
      : { is: "status", status: 200, body: response(parts, finishReason) };
  }
  // A part goes in a chunk of its own; the end comes in the last one.
  const chunks = parts.map((part, index) =>
    response([part], index === parts.length - 1 && answer.isEndless !== true ? finishReason : undefined),
  );
  const { chunks: count = chunks.length, how = "end" } = answer.breaksAfter ?? {};
  return {
    is: "raw",
    writes: chunks.slice(0, count).map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`),
    end: answer.isEndless === true ? "hang" : how,
  };
}

/** `embedContent` and `batchEmbedContents`: the length of each text as a vector. */
export function geminiEmbedding({ path, body }: Received): Reply {
  const values = (content: unknown): number[] => {
    const { parts } = content as { parts: { text: string }[] };
    return [parts[0]?.text.length ?? 0, 1];
  };
  if (!path.includes(":batchEmbedContents")) {
    return { is: "status", status: 200, body: { embedding: { values: values(body["content"]) } } };
  }
  const requests = body["requests"] as { content: unknown }[];
  return {
    is: "status",
    status: 200,
    body: { embeddings: requests.map(({ content }) => ({ values: values(content) })) },
  };
}

/** A refusal, with google.rpc.RetryInfo where it says when to come back. */
export function geminiError(
  code: number,
  status: string,
  { message = "made up", retryDelay, reason }: { message?: string; retryDelay?: string; reason?: string } = {},
): Reply {
  const details = [
    ...(reason === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }]),
    ...(retryDelay === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]),
  ];
  return { is: "status", status: code, body: { error: { code, message, status, details } } };
}

/** The answer to GET /v1beta/models. */
export const geminiModels = {
  models: [
    {
      name: "models/gemini-test",
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ["generateContent", "countTokens"],
    },
    { name: "models/embedding-test", inputTokenLimit: 2_048, supportedGenerationMethods: ["embedContent"] },
    { name: "models/imagen-test", supportedGenerationMethods: ["predict"] },
  ],
};
