import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { homePolicy, readPolicyFile } from "./policy-file.ts";

const faultOf = (text: string): { message: string; hint: string } => {
  using home = temporaryHome({ "policy.yaml": text });
  try {
    readPolicyFile(home.file("policy.yaml"));
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string };
    return { message: message.replace(home.dir, "").replace(/^[/\\]/, ""), hint };
  }
  throw new Error("it was taken");
};

test("the policy of the design is taken as it stands there", () => {
  using home = temporaryHome({
    "policy.yaml": `version: 1
defaults: {effect: deny, unlabelled: untrusted}
tools:
  fs/read:    {effect: read,  gate: L0, returns: {trust: workspace, conf: private}}
  web/fetch:  {effect: sink,  gate: L0, returns: {trust: untrusted, conf: public}, sinkArgs: {url: {trust: ">=user", or: {inAllowlist: egress}}}}
  mail/send:  {effect: write, gate: L2, irreversible: true, sinkArgs: {to: {trust: ">=user", or: {inContacts: true}}, body: {urls: ">=user"}}}
  shell/exec: {effect: exec,  gate: L1, sandbox: process, gateIfTainted: L2}
agents: {"research-*": {tools: [web/*, fs/read], egress: ["api.github.com:443"], secrets: [], budget: {tokens: 200000, costUsd: 1}, spawn: {maxDepth: 2}}}
rules:
  - forbid: {when: "context.private && context.untrusted && call.effect in [sink, write]", unless: approved}
`,
  });
  expect(homePolicy(home.dir, { policy: {} })?.tools["mail/send"]).toMatchObject({ gate: "L2", irreversible: true });
});

test("a home without a policy has the shipped one, and a file that is named has to be there", () => {
  using home = temporaryHome();
  expect(homePolicy(home.dir, { policy: {} })).toBeUndefined();
  expect(() => homePolicy(home.dir, { policy: { file: "mine.yaml" } })).toThrow(/mine\.yaml is not there/);
});

test("what is wrong is named with its line and the nearest thing that exists", () => {
  expect(faultOf("version: 1\ntools:\n  a:\n    effect: sink\n    gaet: L1\n")).toEqual({
    message: "policy.yaml:5: unknown key tools.a.gaet",
    hint: "did you mean tools.a.gate?",
  });
  expect(faultOf("version: 1\ntools:\n  a: {effect: snk}\n")).toEqual({
    message: 'policy.yaml:3: tools.a.effect: "snk" is not among what it takes',
    hint: "did you mean sink?",
  });
  expect(faultOf("version: 1\nrules:\n  - ask: {when: agent == a}\n  - forbd: {when: agent == a}\n")).toEqual({
    message: "policy.yaml:4: unknown key rules[1].forbd",
    hint: "did you mean rules[1].forbid?",
  });
  expect(faultOf("version: 1\nrules:\n  - forbid:\n      when: 5\n").message).toMatch(
    /^policy\.yaml:4: rules\[0\]\.forbid\.when: /,
  );
  expect(faultOf('version: 1\nrules:\n  - forbid:\n      when: "context.privat"\n')).toEqual({
    message: 'policy.yaml:4: rules[0].forbid.when, character 1: no such level, at "context.privat"',
    hint: "did you mean context.private?",
  });
  expect(
    faultOf(
      "version: 1\nallowlists: {sites: [a.test]}\ntools:\n  a: {effect: sink, sinkArgs: {url: {or: {inAllowlist: site}}}}\n",
    ),
  ).toEqual({
    message: 'policy.yaml:4: tools.a.sinkArgs.url.or.inAllowlist: there is no allow-list "site"',
    hint: "did you mean sites?",
  });
  expect(faultOf("version: 2\n").message).toMatch(/^policy\.yaml:1: version: /);
  expect(faultOf("version: 1\ntools:\n  a: {effect: read}\n  a: {effect: sink}\n").message).toMatch(
    /^policy\.yaml:4: .*unique/i,
  );
  expect(faultOf("").message).toMatch(/policy\.yaml: version: /);
  expect(faultOf("- a\n").message).toMatch(/policy\.yaml: the file: /);
});
