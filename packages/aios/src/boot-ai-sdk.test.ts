import { isSysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { bedrockError, bedrockReply } from "../test/bedrock-upstream.ts";
import { ask, chat, contextOf } from "../test/conformance/core.ts";
import { openUpstream } from "../test/upstream.ts";
import { makeAiSdkCore } from "./boot-ai-sdk.ts";

const home = "/nowhere";
const credentials = {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "the-secret-of-aws",
  AWS_SESSION_TOKEN: "the-token-of-aws",
};
const at = (baseUrl: string, more: { apiKey?: string; env?: Record<string, string> } = {}) => ({
  endpoint: 0,
  baseUrl,
  apiKey: more.apiKey,
  models: [{ id: "m" }],
  env: more.env ?? credentials,
  home,
});
const bedrock = { name: "bedrock", kind: "bedrock" } as const;

test("Bedrock's requests are signed with the AWS credentials of the environment where there is no key", async () => {
  await using upstream = await openUpstream((request) => bedrockReply(request));
  const core = await makeAiSdkCore(bedrock, at(upstream.baseUrl));
  await chat(core, contextOf("m"), ask("Hi"));
  const { headers } = await upstream.received(1);
  expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d+\/eu-central-1\/bedrock\//);
  expect(headers["x-amz-security-token"]).toBe("the-token-of-aws");
});

test("a key of its own goes before the credentials", async () => {
  await using upstream = await openUpstream((request) => bedrockReply(request));
  const env = { ...credentials, A_KEY: "the-key" };
  const core = await makeAiSdkCore(bedrock, at(upstream.baseUrl, { apiKey: "env:A_KEY", env }));
  await chat(core, contextOf("m"), ask("Hi"));
  expect((await upstream.received(1)).headers.authorization).toBe("Bearer the-key");
});

test("references in the options are resolved at any depth, and no message repeats what they stand for", async () => {
  await using upstream = await openUpstream(({ headers }) =>
    bedrockError(400, "ValidationException", `${String(headers["x-team"])} is no team`),
  );
  const core = await makeAiSdkCore(
    { ...bedrock, options: { region: "eu-central-1", headers: { "x-team": "env:TEAM" } } },
    at(upstream.baseUrl, { env: { ...credentials, TEAM: "the-team-token" } }),
  );
  const failure: unknown = await chat(core, contextOf("m"), ask("Hi")).catch((error: unknown) => error);
  if (!isSysError(failure)) throw new Error("it did not fail", { cause: failure });
  expect((await upstream.received(1)).headers["x-team"]).toBe("the-team-token");
  expect(failure.message).toBe("core bedrock answered 400: [key] is no team");
});

test("a reference to nothing and a core without a package are refused with what to do", async () => {
  const options = { token: "env:NOT_SET" };
  await expect(makeAiSdkCore({ ...bedrock, options }, at("http://127.0.0.1:9"))).rejects.toMatchObject({
    code: "EINVAL",
    hint: "aios env set NOT_SET",
  });
  await expect(makeAiSdkCore({ name: "x", kind: "ai-sdk" }, at("http://127.0.0.1:9"))).rejects.toMatchObject({
    code: "EINVAL",
    message: "core x names no package",
  });
});

test("a model whose name says so is asked for vectors alone, where the configuration says nothing", async () => {
  const models = [{ id: "titan-embed-text" }, { id: "nova" }];
  const core = await makeAiSdkCore(bedrock, { ...at("http://127.0.0.1:9"), models });
  expect(core.models()).toEqual([{ id: "titan-embed-text", serves: ["llm.embed"] }, { id: "nova" }]);
});
