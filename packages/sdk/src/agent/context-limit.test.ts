import { expect, test } from "vitest";
import { SysError } from "../errors.ts";
import { contextTokensOf, isContextOverflow } from "./context-limit.ts";

test("refusals of a request that is too long are told from other wrong requests", () => {
  for (const said of [
    "core a answered 400: This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
    "core a answered 400: Your input exceeds the context window of this model. Please adjust your input and try again.",
    "core a answered 400: prompt is too long: 208310 tokens > 200000 maximum",
    "core a answered 400: input length and `max_tokens` exceed context limit: 197000 + 21333 > 200000",
    "core a answered 400: The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "core a answered 400: Input is too long for requested model.",
    "core a answered 400: Please reduce the length of the messages or completion.",
    "core a answered 400: the request exceeds the available context size, try increasing it",
    "the prompt has 70 tokens; sim/sim has a context of 50 tokens",
  ])
    expect(isContextOverflow(new SysError("EINVAL", said)), said).toBe(true);
  expect(isContextOverflow(new SysError("E2BIG", "core a answered 413"))).toBe(true);
  for (const said of [
    "core a answered 400: Invalid schema for function 'read'",
    "core a answered 400: max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
    "core a answered 400: Unsupported value: 'temperature' does not support 0.2 with this model.",
  ])
    expect(isContextOverflow(new SysError("EINVAL", said)), said).toBe(false);
  expect(isContextOverflow(new SysError("EIO", "the context length is unknown"))).toBe(false);
});

test("what a model takes is found by its full name, its own, or an alias of one", () => {
  const model = (core: string, id: string, contextTokens?: number) => ({
    core,
    id,
    kind: "openai",
    isSimulated: false,
    serves: ["llm.chat" as const],
    ...(contextTokens === undefined ? {} : { contextTokens }),
  });
  const models = [
    model("a", "org/m", 1_000),
    model("b", "twice", 2_000),
    model("c", "twice", 3_000),
    model("c", "mute"),
  ];
  const aliases = {
    fast: "small",
    small: "a/org/m",
    "claude-*": "b/twice",
    "*": "auto",
    auto: "c/twice",
    loop: "loop",
  };
  const found = (name: string) => contextTokensOf(name, { models, aliases });
  expect(["a/org/m", "org/m", "fast", "auto"].map(found)).toEqual([1_000, 1_000, 1_000, 3_000]);
  expect(["twice", "mute", "claude-x", "nowhere", "loop"].map(found)).toEqual(Array(5).fill(undefined));
});
