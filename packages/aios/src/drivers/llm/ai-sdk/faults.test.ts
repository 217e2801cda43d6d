import * as bedrock from "@ai-sdk/amazon-bedrock";
import * as google from "@ai-sdk/google";
import { isSysError } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { bedrockError, bedrockReply } from "../../../../test/bedrock-upstream.ts";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { geminiError, geminiReply } from "../../../../test/gemini-upstream.ts";
import { openUpstream, type Script } from "../../../../test/upstream.ts";
import { createAiSdkCore, type AiSdkCoreOptions } from "./core.ts";

const key = "AIza-the-secret-key";
const packages = {
  google: { packageName: "@ai-sdk/google", module: google },
  bedrock: { packageName: "@ai-sdk/amazon-bedrock", module: bedrock, options: { region: "eu-central-1" } },
} satisfies Record<string, Pick<AiSdkCoreOptions, "packageName" | "module" | "options">>;

interface Case {
  readonly kind: keyof typeof packages;
  readonly script: Script;
}
const on = (kind: Case["kind"], script: Script): Case => ({ kind, script });

async function outcome({ kind, script }: Case, stream: boolean) {
  await using upstream = await openUpstream(script);
  const core = createAiSdkCore({
    name: "up",
    endpoint: 0,
    kind,
    ...packages[kind],
    baseUrl: upstream.baseUrl,
    apiKey: key,
    keyReference: "env:A_KEY",
  });
  const cause: unknown = await chat(core, contextOf("m"), ask("Hi", { stream })).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isSysError(cause)) throw new Error("it did not fail with a SysError", { cause });
  // Nothing retries below the kernel.
  expect(upstream.requests).toHaveLength(1);
  await upstream.idle();
  return cause;
}

describe.each([false, true])("an upstream of an AI SDK package that fails (streamed: %s)", (stream) => {
  test.each<[string, Case, object]>([
    [
      "Google's refusal of a key",
      on("google", () =>
        geminiError(400, "INVALID_ARGUMENT", { message: `API key not valid: ${key}`, reason: "API_KEY_INVALID" }),
      ),
      { code: "EIO", retryable: false, hint: "check env:A_KEY" },
    ],
    ["Google's overload", on("google", () => geminiError(503, "UNAVAILABLE")), { code: "EAGAIN", retryable: true }],
    [
      "Google's quota with the time to wait",
      on("google", () => geminiError(429, "RESOURCE_EXHAUSTED", { retryDelay: "34.5s" })),
      { code: "EAGAIN", retryAfterMs: 34_500 },
    ],
    [
      "Google's refusal of a request",
      on("google", () => geminiError(400, "INVALID_ARGUMENT", { message: `bad ${key}` })),
      { code: "EINVAL", message: "core up answered 400: bad env:A_KEY" },
    ],
    [
      "a model that Google does not have",
      on("google", () => geminiError(404, "NOT_FOUND", { message: "model m is not found" })),
      { code: "ENOENT" },
    ],
    [
      "HTML instead of JSON",
      on("google", () => ({ is: "raw", headers: { "content-type": "text/html" }, writes: ["<html>"], end: "end" })),
      { code: "EIO" },
    ],
    ["an empty answer", on("google", () => ({ is: "raw", writes: [], end: "end" })), { code: "EIO" }],
    [
      "a redirect",
      on("google", () => ({ is: "status", status: 302, headers: { location: "http://elsewhere.test/" } })),
      { code: "EIO", retryable: false },
    ],
    [
      "Bedrock's throttling",
      on("bedrock", () => bedrockError(429, "ThrottlingException")),
      { code: "EAGAIN", retryable: true },
    ],
    [
      "Bedrock's refusal of credentials",
      on("bedrock", () => bedrockError(403, "AccessDeniedException", "no access to it")),
      { code: "EIO", retryable: false },
    ],
    [
      "Bedrock's refusal of a request",
      on("bedrock", () => bedrockError(400, "ValidationException", "malformed input")),
      { code: "EINVAL", message: "core up answered 400: malformed input" },
    ],
    [
      "a broken model behind Bedrock",
      on("bedrock", () => bedrockError(500, "InternalServerException")),
      { code: "EIO", retryable: true },
    ],
    ["a reset", on("bedrock", () => ({ is: "reset" })), { code: "EIO", retryable: true }],
  ])("%s ends in one clear error", async (_what, upstream, expected) => {
    const failure = await outcome(upstream, stream);
    expect(failure).toMatchObject(expected);
    expect(`${failure.message} ${failure.hint}`).not.toContain(key);
  });
});

describe("a stream of an AI SDK package that fails on its way", () => {
  test.each<[string, Case, object]>([
    [
      "cut off by Google as if it were whole",
      on("google", (request) => geminiReply(request, { breaksAfter: { chunks: 2, how: "end" } })),
      { code: "EIO", retryable: true },
    ],
    [
      "of Google with an error in it",
      on("google", () => ({
        is: "raw",
        writes: [
          'data: {"candidates":[{"content":{"parts":[{"text":"He"}]}}]}\n\n',
          'data: {"error":{"code":500,"message":"made up","status":"INTERNAL"}}\n\n',
        ],
        end: "end",
      })),
      { code: "EIO", message: expect.stringContaining("made up") },
    ],
    [
      "of Google that begins with a refusal",
      on("google", () => ({
        is: "raw",
        writes: [
          'data: {"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"2s"}]}}\n\n',
        ],
        end: "end",
      })),
      { code: "EAGAIN", retryAfterMs: 2_000 },
    ],
    [
      "of Google with a chunk that is no JSON",
      on("google", () => ({ is: "raw", writes: ["data: {oops\n\n"], end: "end" })),
      { code: "EIO" },
    ],
    [
      "cut off by Bedrock as if it were whole",
      on("bedrock", (request) => bedrockReply(request, { breaksAfter: { events: 3, how: "end" } })),
      { code: "EIO", retryable: true },
    ],
    [
      "of Bedrock that is throttled after some text",
      on("bedrock", (request) =>
        bedrockReply(request, { exception: { type: "throttlingException", message: "slow down" } }),
      ),
      { code: "EIO", message: expect.stringContaining("slow down") },
    ],
    [
      "of Bedrock that is throttled at once",
      on("bedrock", (request) =>
        bedrockReply(request, { pieces: [], exception: { type: "throttlingException", message: "slow down" } }),
      ),
      { code: "EAGAIN" },
    ],
    [
      "of Bedrock with a frame whose checksum is wrong",
      on("bedrock", (request, n) => spoiled(request, n)),
      { code: "EIO", retryable: true },
    ],
  ])("%s ends in one clear error", async (_what, upstream, expected) => {
    expect(await outcome(upstream, true)).toMatchObject(expected);
  });

  const spoiled: Script = (request) => {
    const reply = bedrockReply(request);
    if (reply.is !== "raw") throw new Error("it streams");
    const writes = reply.writes.map((bytes) => Buffer.from(bytes as Buffer));
    const second = writes[1] as Buffer;
    second[second.length - 6] = (second[second.length - 6] ?? 0) ^ 1;
    return { ...reply, writes };
  };
});
