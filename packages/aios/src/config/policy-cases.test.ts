import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { runPolicyCases } from "./policy-cases.ts";

const policy = `version: 1
tools:
  mail_send: {effect: sink, gate: L1, sinkArgs: {to: {trust: ">=user"}}}
`;
const cases = `policy: policy.yaml
cases:
  - name: strangers are asked about
    call: {name: mail_send, args: {to: evil@else.test}, trust: untrusted}
    expect: {gate: L2, effect: sink, because: [tools.mail_send.sinkArgs.to]}
  - name: whom the user named is not
    call: {name: mail_send, args: {to: bob@example.org}, trust: untrusted, said: [write to bob@example.org]}
    expect: {gate: L1}
  - name: nothing unknown passes
    call: {name: unknown, declared: {effect: read}}
    expect: {gate: L0, because: ["rules[0]"]}
`;

test("cases are judged by the policy beside them, and what differs is told", () => {
  using home = temporaryHome({ "policy.yaml": policy, "cases.yaml": cases });
  const outcomes = runPolicyCases(home.file("cases.yaml"));
  expect(outcomes.map(({ differences }) => differences.length)).toEqual([0, 0, 2]);
  expect(outcomes[2]).toMatchObject({
    where: `${home.file("cases.yaml")}:9`,
    differences: [
      { of: "gate", expected: "L0", got: "L3" },
      { of: "because", got: "defaults" },
    ],
  });
});

test("the policy and the cases of the how-to page do what the page says", () => {
  const page = readFileSync(new URL("../../../../docs/how-to/policy.md", import.meta.url), "utf8");
  const [written = "", said = ""] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text);
  using home = temporaryHome({ "policy.yaml": written, "cases.yaml": said });
  const outcomes = runPolicyCases(home.file("cases.yaml"));
  expect(outcomes).toHaveLength(5);
  expect(outcomes.flatMap(({ name, differences }) => differences.map((one) => ({ name, ...one })))).toEqual([]);
});

test("another policy can take its place, and the shipped one has a name", () => {
  using home = temporaryHome({
    "strict.yaml": "version: 1\ntools: {mail_send: {effect: sink, gate: L3}}\n",
    "cases.yaml": cases,
    "shipped.yaml": "policy: shipped\ncases: [{name: a, call: {name: fs.share}, expect: {gate: L2}}]\n",
  });
  expect(runPolicyCases(home.file("cases.yaml"), { policy: home.file("strict.yaml") }).map(({ gate }) => gate)).toEqual(
    ["L3", "L3", "L3"],
  );
  expect(runPolicyCases(home.file("shipped.yaml"))[0]?.differences).toEqual([]);
});

test("a wrong file of cases is refused with its line", () => {
  using home = temporaryHome({ "policy.yaml": policy, "cases.yaml": cases.replace("effect: sink", "efect: sink") });
  expect(() => runPolicyCases(home.file("cases.yaml"))).toThrow(/cases\.yaml:5: unknown key cases\[0\]\.expect\.efect/);
});
