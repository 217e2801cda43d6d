import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 120_000;

let aios: Aios;
const write = (name: string, text: string): string => {
  writeFileSync(join(aios.home, name), text);
  return join(aios.home, name);
};
beforeAll(async () => {
  aios = await openAios();
  expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

const policy = `version: 1
tools:
  mail_send: {effect: sink, gate: L1, sinkArgs: {to: {trust: ">=user", or: {inContacts: true}}}}
contacts: ["*@example.org"]
`;
const call = ["policy", "explain", "--tool", "mail_send", "--trust", "untrusted", "--args"];
const gateOf = async (to: string): Promise<string> =>
  (await aios.data<{ gate: string }>([...call, JSON.stringify({ to })])).gate;

describe("aios policy", { timeout: timeoutMs }, () => {
  test("a policy is checked, put into force by a refresh, and a wrong one changes nothing", async () => {
    expect(await aios.run(["policy", "check"])).toMatchObject({ code: 3 });
    expect(await gateOf("bob@example.org")).toBe("L3");
    write("policy.yaml", policy);
    expect(await aios.run(["policy", "check"])).toMatchObject({ code: 0 });
    expect((await aios.run(["refresh"])).out).toContain("policy");
    expect([await gateOf("bob@example.org"), await gateOf("evil@else.test")]).toEqual(["L1", "L2"]);

    write("policy.yaml", policy.replace("inContacts", "inContcats"));
    const refused = await aios.run(["refresh"]);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(
      /policy\.yaml:3: unknown key tools\.mail_send\.sinkArgs\.to\.or\.inContcats[^]*inContacts\?/,
    );
    expect(await gateOf("bob@example.org")).toBe("L1");
  });

  test("the policy that is shown can be put in its own place", async () => {
    const { out } = await aios.run(["policy", "show", "--yaml"]);
    expect((await aios.run(["policy", "check", write("shown.yaml", out)])).code).toBe(0);
    const shown = await aios.run(["policy", "show"]);
    expect(shown.out).toMatch(/L2 +sink +fs\.share/);
    expect(shown.out).toMatch(/L1 +sink +mail_send +to >=user contacts +policy/);
  });

  test("an explanation names the rows, the values, and who vouches for them", async () => {
    const { out } = await aios.run([...call, '{"to": ["bob@example.org", "evil@else.test"]}']);
    expect(out).toMatch(/^L2 +mail_send: a person is asked/);
    expect(out).toContain("tools.mail_send.sinkArgs.to");
    expect(out).toMatch(/to\.0 = "bob@example\.org": a contact/);
    expect(out).toMatch(/to\.1 = "evil@else\.test": nobody vouches for it/);
    expect((await aios.run([...call, '{"to": "evil@else.test"}', "--said", "write to evil@else.test"])).out).toMatch(
      /^L1 /,
    );
    expect(await aios.run(["policy", "explain"])).toMatchObject({ code: 2 });
    expect(await aios.run(["policy", "explain", "no-such-call"])).toMatchObject({ code: 3 });
  });

  test("a file of cases tells what differs, and by its exit whether the policy is too strict or too mild", async () => {
    write("mine.yaml", policy);
    const cases = (gate: string) =>
      write(
        "cases.yaml",
        `policy: mine.yaml\ncases:\n  - name: strangers\n    call: {name: mail_send, args: {to: x@else.test}, trust: untrusted}\n    expect: {gate: ${gate}}\n`,
      );
    expect(await aios.run(["policy", "test", cases("L2")])).toMatchObject({ code: 0 });
    const strict = await aios.run(["policy", "test", cases("L1")]);
    expect(strict.code).toBe(5);
    expect(strict.out).toMatch(/FAIL +strangers[^]*- gate: L1\n +\+ gate: L2/);
    expect(await aios.run(["policy", "test", cases("L3")])).toMatchObject({ code: 1 });
  });

  test("no process asks about the policy", async () => {
    const { code } = await aios.run(["policy", "show"], { env: { AIOS_PID: "x" } });
    expect(code).toBe(5);
  });
});
