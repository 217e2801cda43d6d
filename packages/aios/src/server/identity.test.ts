import { asKeyId, isSysError } from "@aiosjs/sdk/protocol";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRig } from "../../test/rig.ts";
import type { Rig } from "../../test/rig.ts";
import { tokenOf } from "./auth.ts";
import { callerOf } from "./identity.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ cores: () => [] });
});
afterAll(() => rig.kernel[Symbol.asyncDispose]());

type Body = Record<string, unknown>;
const caller = (headers: IncomingHttpHeaders, body?: Body) =>
  callerOf(rig.kernel, rig.root, { headers, onDetach: "abort", ...(body ? { body } : {}) });
const pidOf = (headers: IncomingHttpHeaders, body?: Body): Pid | undefined => caller(headers, body).pid;

const failure = (action: () => unknown): { code: string; message: string } => {
  try {
    action();
  } catch (error) {
    if (isSysError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was taken");
};

test("the same session is the same process, another one another", () => {
  const ann = pidOf({ "session-id": "ann" });
  expect(pidOf({ "session-id": "ann" })).toBe(ann);
  expect(pidOf({ "session-id": "bob" })).not.toBe(ann);
});

test("identities are looked for in the contract's order", () => {
  const session = (name: string): Pid => rig.kernel.identify(rig.root, { session: name });
  const process = session("a process");
  const headers: IncomingHttpHeaders = {
    "x-aios-pid": process,
    "x-claude-code-session-id": "claude",
    "session-id": "codex",
    "x-session-id": "opencode",
    "x-session-affinity": "affinity",
  };
  const body: Body = {
    prompt_cache_key: "cache",
    metadata: { user_id: "meta" },
    safety_identifier: "safety",
    user: "user",
  };
  expect(pidOf(headers, body)).toBe(process);
  const order = ["x-aios-pid", "x-claude-code-session-id", "session-id", "x-session-id", "x-session-affinity"];
  const expected = ["claude", "codex", "opencode", "affinity"];
  for (const [index, name] of expected.entries()) {
    delete headers[order[index] as string];
    expect(pidOf(headers, body), name).toBe(session(name));
  }
  const members = ["x-session-affinity", "prompt_cache_key", "metadata", "safety_identifier", "user"] as const;
  delete headers["x-session-affinity"];
  for (const [index, name] of ["cache", "meta", "safety", "user"].entries()) {
    expect(pidOf(headers, body), name).toBe(session(name));
    delete body[members[index + 1] as string];
  }
});

test("a client without a session is its key", () => {
  const own = pidOf({}, {});
  expect(own).toBe(rig.kernel.identify(rig.root, {}));
  expect(pidOf({ "session-id": " " }, { user: "", metadata: 4 })).toBe(own);
  expect(pidOf({})).toBeUndefined();
});

test("a process key speaks for its process, whatever the headers say", () => {
  const pid = rig.kernel.identify(rig.root, { session: "the child" });
  const principal = { ...rig.root, key: asKeyId("child"), pid };
  const headers = { "x-aios-pid": "p-other", "session-id": "other", "x-session-id": "other" };
  expect(callerOf(rig.kernel, principal, { headers, body: { user: "other" }, onDetach: "abort" }).pid).toBe(pid);
});

test("a pid that is not the key's is refused", () => {
  expect(failure(() => pidOf({ "x-aios-pid": "nobody" })).code).toBe("ESRCH");
});

test("very long sessions are told apart without being kept", () => {
  const long = "x".repeat(100_000);
  expect(pidOf({}, { user: `${long}1` })).toBe(pidOf({}, { user: `${long}1` }));
  expect(pidOf({}, { user: `${long}1` })).not.toBe(pidOf({}, { user: `${long}2` }));
});

test("urgency is read from headers and passed on", () => {
  expect(caller({ "x-aios-nice": "-5", "x-aios-class": "interactive", "x-aios-deadline-ms": "1500" })).toMatchObject({
    nice: -5,
    class: "interactive",
    deadlineMs: 1500,
  });
});

test.each([
  ["x-aios-nice", "20"],
  ["x-aios-nice", "-21"],
  ["x-aios-nice", "1.5"],
  ["x-aios-nice", "low"],
  ["x-aios-class", "urgent"],
  ["x-aios-deadline-ms", "0"],
  ["x-aios-deadline-ms", "soon"],
])("a wrong %s (%s) is refused by its name", (name, value) => {
  const { code, message } = failure(() => caller({ [name]: value }));
  expect([code, message]).toEqual(["EINVAL", `the header ${name} is ${JSON.stringify(value)}`]);
});

test("a key comes as OpenAI's clients send it, or as Anthropic's do", () => {
  expect(tokenOf({ authorization: "Bearer aios_sk_a_b" })).toBe("aios_sk_a_b");
  expect(tokenOf({ authorization: "bearer  aios_sk_a_b " })).toBe("aios_sk_a_b");
  expect(tokenOf({ "x-api-key": "aios_sk_a_b" })).toBe("aios_sk_a_b");
  expect(tokenOf({ authorization: "Basic abc" })).toBeUndefined();
  expect(tokenOf({})).toBeUndefined();
});

test("headers say what a chat has to do with memory, and a wrong one is refused by its name", () => {
  expect(caller({})).not.toHaveProperty("recall");
  expect(caller({ "x-aios-recall": "true", "x-aios-remember": "tenant" })).toMatchObject({
    recall: true,
    remember: { namespace: "tenant" },
  });
  expect(caller({ "x-aios-recall": "3", "x-aios-remember": "false" })).toMatchObject({
    recall: { limit: 3, maxTokens: 1_500 },
    remember: false,
  });
  expect(failure(() => caller({ "x-aios-recall": "much" }))).toMatchObject({
    code: "EINVAL",
    message: expect.stringContaining("x-aios-recall") as string,
  });
});
