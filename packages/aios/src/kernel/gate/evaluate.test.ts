import { accessPolicySchema, specOf, syscallTable } from "@aiosjs/sdk/protocol";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { z } from "zod";
import { compilePolicy } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { labelOf } from "./label.ts";
import { declaredAs, shippedPolicy } from "./shipped-policy.ts";
import type { GateRequest, Verdict } from "./verdict.ts";

type Written = Omit<z.input<typeof accessPolicySchema>, "version">;

const clean = labelOf({ trust: "user", confidentiality: "internal" });
const tainted = labelOf({ trust: "untrusted", confidentiality: "private" });

const judge =
  (policy: Written | undefined) =>
  (name: string, more: Partial<GateRequest> = {}): Verdict =>
    evaluate(compilePolicy(policy ? accessPolicySchema.parse({ version: 1, ...policy }) : shippedPolicy), {
      agents: ["writer"],
      name,
      args: {},
      declared: undefined,
      context: clean,
      userTexts: [],
      isGlassBroken: false,
      ...more,
    });

const mail = {
  effect: "sink",
  gate: "L1",
  sinkArgs: {
    to: { trust: ">=user", or: { inContacts: true } },
    body: { urls: ">=user", or: { inAllowlist: "sites" } },
  },
} as const;

test("every syscall has a row in the shipped policy, and nothing of models is a sink", () => {
  const shipped = judge(undefined);
  for (const name of Object.keys(syscallTable)) {
    const { gate, effect } = shipped(name);
    expect(gate, `${name}: give it a row in kernel/gate/shipped-policy.ts`).not.toBe("L3");
    if (name.startsWith("llm.") || specOf(name as SyscallName).effect === "pure") expect(effect, name).toBe("read");
  }
  expect(shipped("fs.share")).toMatchObject({ gate: "L2", effect: "sink" });
  expect(shipped("fs.do").gate).toBe("L1");
  expect(shipped("fs.do", { context: tainted }).gate).toBe("L2");
});

test("what no row names is denied, a tool's own word for it too unless the policy trusts that", () => {
  const declared = declaredAs("unsafe");
  for (const name of ["mail_send", "server/tool", "no.such", "", "*", "__proto__", "constructor"])
    expect(judge({})(name).gate, name).toBe("L3");
  expect(judge({})("mail_send", { declared }).gate).toBe("L3");
  expect(judge(undefined)("mail_send", { declared })).toMatchObject({
    gate: "L1",
    effect: "write",
    returns: { trust: "untrusted" },
  });
  expect(judge(undefined)("mail_send").gate).toBe("L3");
});

test("a row about tools opens no syscall, and syscalls that a policy does not name are as shipped", () => {
  const judged = judge({ tools: { "*": { effect: "read", gate: "L0" } } });
  expect(judged("anything").gate).toBe("L0");
  expect(judged("server/tool.v2").gate).toBe("L0");
  expect(judged("fs.share").gate).toBe("L2");
  expect(judged("no.such").gate).toBe("L3");
  expect(judge({ tools: { "fs.*": { effect: "write", gate: "L3" } } })("fs.read").gate).toBe("L3");
});

test("a row that says who may make a syscall leaves its result what it is", () => {
  const judged = judge({
    tools: { "fs.*": { effect: "write", gate: "L2" }, "mem.get": { effect: "read", returns: { conf: "secret" } } },
  });
  expect(judged("fs.read").returns).toMatchObject({ trust: "kernel", confidentiality: "public" });
  expect(judged("mem.get").returns).toMatchObject({ trust: "kernel", confidentiality: "secret" });
});

test("a tool that is called as syscalls are has the rows that seem to be about those, and no shipped one", () => {
  const declared = declaredAs("pure");
  const written = { "mail.*": { effect: "sink", gate: "L2" } } as const;
  expect(judge({ defaults: { effect: "declared" }, tools: written })("mail.send", { declared }).gate).toBe("L2");
  const sink = { ...declared, effect: "sink", gate: "L2" } as const;
  expect(judge(undefined)("llm.mail", { declared: sink }).gate).toBe("L2");
});

test("of several rows the strictest holds", () => {
  const judged = judge({
    tools: {
      "mail_*": { effect: "write", gate: "L0", returns: { trust: "user", conf: "private" } },
      mail_send: { effect: "sink", gate: "L1", sandbox: "process", returns: { trust: "tool", readers: ["a"] } },
      "*": { effect: "read", gate: "L0", gateIfTainted: "L2", sandbox: "container", returns: { trust: "user" } },
    },
  });
  expect(judged("mail_send")).toMatchObject({
    gate: "L1",
    effect: "sink",
    sandbox: "container",
    returns: { trust: "tool", confidentiality: "private", readers: ["a"] },
  });
  expect(judged("mail_send", { context: tainted }).gate).toBe("L2");
});

test("what cannot be taken back is asked about, whatever a row says, and whoever says that it cannot", () => {
  const row = { effect: "read", gate: "L0" } as const;
  expect(judge({ tools: { pay: { ...row, irreversible: true } } })("pay").gate).toBe("L2");
  const declared = { ...declaredAs("pure"), irreversible: true };
  expect(judge({ tools: { pay: row } })("pay", { declared }).gate).toBe("L2");
  expect(judge({ defaults: { effect: "declared" } })("pay", { declared }).gate).toBe("L2");
});

test("a sink's argument is what a person said, or a contact, or listed, or a person is asked", () => {
  const judged = judge({
    tools: { mail_send: mail },
    contacts: ["*@example.org"],
    allowlists: { sites: ["docs.example.org"] },
  });
  const gateOf = (args: unknown, userTexts: string[] = []) =>
    judged("mail_send", { args, userTexts, context: tainted }).gate;
  expect(gateOf({ to: "bob@else.test" })).toBe("L2");
  expect(gateOf({ to: "bob@else.test" }, ["write to bob@else.test"])).toBe("L1");
  expect(gateOf({ to: "bob@example.org" })).toBe("L1");
  expect(gateOf({ to: "Bob <bob@example.org>" })).toBe("L1");
  expect(gateOf({ to: ["bob@example.org", "evil@else.test"] })).toBe("L2");
  expect(gateOf({ to: "evil@else.test,bob@example.org" })).toBe("L2");
  expect(gateOf({ to: "bob@example.org, ann@example.org" })).toBe("L1");
  expect(gateOf({ to: "bob@example.org\nbcc: evil@else.test" })).toBe("L2");
  expect(gateOf({ to: { "evil@else.test": true } })).toBe("L2");
  expect(gateOf({ to: "bob@example.org", body: "see https://docs.example.org/a%20b?c" })).toBe("L1");
  expect(gateOf({ to: "bob@example.org", body: "see https://docs.example.org@evil.test" })).toBe("L2");
  expect(gateOf({ to: "bob@example.org", body: "see evil.test/x" }, ["tell Bob of https://evil.test/x"])).toBe("L1");
  const link = (body: string, said: string) => gateOf({ to: "bob@example.org", body }, [said]);
  expect(link("see https://else.example", "about else.example")).toBe("L1");
  expect(link("see https://else", "somebody else")).toBe("L2");
  expect(link("see javascript:else.test", "about else.test")).toBe("L2");
  expect(link("write to mailto:ann@else.test", "ann@else.test")).toBe("L1");
  expect(gateOf({})).toBe("L1");
  expect(judged("mail_send", { args: { to: "bob@else.test" } })).toMatchObject({
    gate: "L1",
    origins: [{ path: "to", value: "bob@else.test", origin: { is: "context" }, isMet: true }],
  });
});

test("what only the kernel may say is not vouched for by a person", () => {
  const needs = { to: { trust: ">=kernel" }, body: { urls: ">=kernel" } };
  const judged = judge({ tools: { post: { effect: "sink", gate: "L0", sinkArgs: needs } } });
  const userTexts = ["ann@else.test and https://else.test/x"];
  expect(judged("post", { args: { to: "ann@else.test" }, userTexts }).gate).toBe("L2");
  expect(judged("post", { args: { body: "https://else.test/x" }, userTexts }).gate).toBe("L2");
});

test("hosts that an agent may reach are its own list", () => {
  const judged = judge({
    tools: {
      "web/fetch": {
        effect: "sink",
        gate: "L0",
        sinkArgs: { url: { trust: ">=user", or: { inAllowlist: "egress" } } },
      },
    },
    agents: { "research-*": { egress: ["api.github.com:443", "*.example.org:*"] } },
  });
  const gateOf = (url: string, agent = "research-1") =>
    judged("web/fetch", { args: { url }, agents: [agent], context: tainted }).gate;
  expect(gateOf("https://api.github.com/repos")).toBe("L0");
  expect(gateOf("https://a.example.org:8443/")).toBe("L0");
  expect(gateOf("http://api.github.com/repos")).toBe("L2");
  expect(gateOf("https://api.github.com.evil.test/")).toBe("L2");
  expect(gateOf("https://api.github.com/repos", "writer")).toBe("L2");
});

test("an agent with a list calls what stands in it, beside what its own life is made of", () => {
  const judged = judge({
    tools: { "web/*": { effect: "read", gate: "L0" }, other: { effect: "read", gate: "L0" } },
    agents: { "research-*": { tools: ["web/*", "fs.read"] } },
  });
  const gateOf = (name: string) => judged(name, { agents: ["research-1"] }).gate;
  expect(["web/fetch", "fs.read", "llm.chat", "proc.exit"].map(gateOf)).toEqual(Array(4).fill("L0"));
  expect(["other", "fs.write", "mem.add"].map(gateOf)).toEqual(Array(3).fill("L3"));
  expect(judged("other").gate).toBe("L0");
});

test("a rule asks or forbids, and forbids more than anything permits", () => {
  const tools = { post: { effect: "sink", gate: "L0" } } as const;
  const when = "context.private && context.untrusted && call.effect in [sink, write]";
  expect(judge({ tools, rules: [{ forbid: { when } }] })("post", { context: tainted })).toMatchObject({
    gate: "L3",
    reasons: [{ gate: "L3", where: "rules[0]" }],
  });
  expect(judge({ tools, rules: [{ forbid: { when, unless: "approved" } }] })("post", { context: tainted }).gate).toBe(
    "L2",
  );
  expect(judge({ tools, rules: [{ ask: { when } }, { forbid: { when } }] })("post", { context: tainted }).gate).toBe(
    "L3",
  );
  expect(judge({ tools, rules: [{ forbid: { when } }] })("post").gate).toBe("L0");
});

test("what only some may hear of goes to nobody else without asking", () => {
  const context = labelOf({ trust: "kernel", confidentiality: "private", readers: ["ann@example.org"] });
  const judged = judge({ allowlists: { sites: [] }, tools: { mail_send: mail, post: { effect: "sink", gate: "L0" } } });
  expect(judged("mail_send", { context, args: { to: "ann@example.org" } }).gate).toBe("L1");
  expect(judged("mail_send", { context, args: { to: "bob@example.org" } }).gate).toBe("L2");
  expect(judged("post", { context }).gate).toBe("L2");
  expect(judged("fs.write", { context }).gate).toBe("L1");
});

test("a wrong policy is refused with its place", () => {
  const compile = (policy: Written) => compilePolicy(accessPolicySchema.parse({ version: 1, ...policy }));
  expect(() =>
    compile({ rules: [{ ask: { when: "context.private" } }, { forbid: { when: "context.privat" } }] }),
  ).toThrow(
    expect.objectContaining({
      code: "EINVAL",
      message: expect.stringMatching(/^rules\[1\]\.forbid\.when, character 1: no such level/),
    }),
  );
  const sinkArgs = { to: { or: { inAllowlist: "nowhere" } } };
  expect(() => compile({ tools: { mail: { effect: "sink", sinkArgs } } })).toThrow(
    expect.objectContaining({ code: "EINVAL", message: expect.stringContaining("tools.mail.sinkArgs.to") }),
  );
});

test("an agent is bound by the rows of all above it", () => {
  const judged = judge({
    defaults: { effect: "declared" },
    tools: {
      "web/*": { effect: "sink", gate: "L0", sinkArgs: { url: { trust: ">=user", or: { inAllowlist: "egress" } } } },
    },
    agents: {
      reader: { tools: ["fs.read", "web/*"], egress: ["docs.example.org:443"] },
      "research-*": { egress: ["docs.example.org:443", "api.github.com:443"] },
    },
    rules: [{ forbid: { when: "agent == reader && call.name == fs.list" } }],
  });
  const gateOf = (agents: GateRequest["agents"], name: string, args = {}) =>
    judged(name, { agents, args, context: tainted }).gate;
  const fetch = (host: string) => (agents: GateRequest["agents"]) =>
    gateOf(agents, "web/fetch", { url: `https://${host}/` });
  expect(gateOf(["research-1"], "fs.write")).toBe("L1");
  expect(gateOf(["research-1", "reader"], "fs.write")).toBe("L3");
  expect(judged("fs.write", { agents: ["research-1", "reader"] }).reasons[0]?.where).toBe("agents.reader");
  expect(gateOf(["research-1", "reader"], "fs.list")).toBe("L3");
  expect(fetch("api.github.com")(["research-1"])).toBe("L0");
  expect(fetch("api.github.com")(["research-1", "reader"])).toBe("L2");
  expect(fetch("docs.example.org")(["research-1", "reader"])).toBe("L0");
  // Who is not named binds nobody.
  expect(fetch("api.github.com")(["research-1", "main"])).toBe("L0");
  expect(fetch("api.github.com")(["main", "research-1"])).toBe("L2");
});

test("of an agent that several rows name each of them holds", () => {
  const compiled = compilePolicy(
    accessPolicySchema.parse({
      version: 1,
      agents: {
        "*": { budget: { tokens: 100 }, egress: ["*.example.org:443", "b.test:443"], spawn: { maxDepth: 3 } },
        "research-*": {
          budget: { costUsd: 1 },
          egress: ["api.example.org:443"],
          secrets: ["a"],
          spawn: { maxDepth: 1 },
        },
      },
    }),
  );
  expect(compiled.agentRow("research-1")).toMatchObject({
    names: ["*", "research-*"],
    egress: ["api.example.org:443"],
    secrets: ["a"],
    spawnDepth: 1,
    limits: [
      { resource: "tokens", window: "run", limit: 100 },
      { resource: "costUsd", window: "run", limit: 1 },
    ],
  });
  expect(compiled.agentRow("writer")).toMatchObject({
    egress: ["*.example.org:443", "b.test:443"],
    secrets: [],
    spawnDepth: 3,
  });
});
