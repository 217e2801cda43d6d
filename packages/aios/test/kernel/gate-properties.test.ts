// The gate against random policies and requests: what holds of every verdict, whatever is written and whatever is said.
import { accessPolicySchema, confidentialityLevels, trustLevels } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import { expect, test, vi } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { compilePolicy } from "../../src/kernel/gate/compile.ts";
import { evaluate } from "../../src/kernel/gate/evaluate.ts";
import { join, labelOf } from "../../src/kernel/gate/label.ts";
import type { Label } from "../../src/kernel/gate/label.ts";
import type { GateRequest, Verdict } from "../../src/kernel/gate/verdict.ts";

const CASES = 1_000;
// Each compiles a policy or two; the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const agents = ["a", "a-1", "b"];
const names = ["mail_send", "mail_read", "web/fetch", "pay", "fs.share", "fs.write", "llm.chat", "no.such", "unknown"];
const patterns = [...names.slice(0, 7), "mail_*", "web/*", "*", "fs.*"];
const values = [
  "bob@example.org",
  "evil@else.test",
  "50",
  "x",
  "https://docs.example.org/a",
  "https://evil.test/?d=1",
  "Ann",
];
const conditions = [
  "context.untrusted",
  "context.private && call.effect in [sink, write]",
  'call.name == "mail_*" || agent == a',
  "args.to == evil@else.test",
  "context.tool && (context.secret || call.effect == exec)",
];

function dice(seed: number) {
  const random = createSeededRandom(seed);
  const next = (): number => random.next();
  const below = (count: number): number => Math.floor(next() * count);
  const one = <Value>(all: readonly Value[]): Value => all[below(all.length)]!;
  const some = <Value>(all: readonly Value[], most = 3): Value[] =>
    Array.from({ length: below(most + 1) }, () => one(all));
  const maybe = <Value>(make: () => Value): Value | undefined => (next() < 0.4 ? make() : undefined);
  const shuffled = <Value>(all: readonly Value[]): Value[] =>
    all
      .map((value) => ({ value, at: next() }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ value }) => value);
  return { below, one, some, maybe, shuffled };
}
type Dice = ReturnType<typeof dice>;

const gates = ["L0", "L1", "L2", "L3"] as const;

function anyPolicy({ one, some, maybe }: Dice): AccessPolicy {
  const needs = () => ({
    ...(one([true, false]) ? { trust: `>=${one(trustLevels)}` } : {}),
    ...(one([true, false]) ? { urls: `>=${one(trustLevels)}` } : {}),
    or: one([{}, { inContacts: true }, { inAllowlist: "egress" }, { inAllowlist: "sites" }]),
  });
  const row = () => ({
    effect: one(["read", "write", "exec", "sink"]),
    gate: one(gates),
    irreversible: one([false, false, true]),
    gateIfTainted: maybe(() => one(gates)),
    returns: maybe(() => ({ trust: one(trustLevels), conf: one(confidentialityLevels) })),
    sinkArgs: maybe(() => ({ to: needs(), "items.*.url": needs() })),
  });
  return accessPolicySchema.parse({
    version: 1,
    defaults: { effect: one(["deny", "declared"]) },
    tools: Object.fromEntries(some(patterns, 6).map((pattern) => [pattern, row()])),
    agents: Object.fromEntries(
      some(["*", ...agents]).map((name) => [
        name,
        { tools: maybe(() => some(patterns, 5)), egress: maybe(() => ["docs.example.org:443"]) },
      ]),
    ),
    contacts: some(["*@example.org", "Ann", "else.test"]),
    allowlists: { sites: some(["docs.example.org", "*.else.test", "50"]) },
    rules: some(conditions).map((when) =>
      one([{ ask: { when } }, { forbid: { when } }, { forbid: { when, unless: "approved" } }]),
    ),
  });
}

const anyLabel = ({ one, maybe, some }: Dice): Label =>
  labelOf({
    trust: one(trustLevels),
    confidentiality: one(confidentialityLevels),
    readers: maybe(() => some(values)),
  });

function anyRequest(random: Dice): GateRequest {
  const { one, some, maybe } = random;
  return {
    agents: [one(agents), ...some(agents)] as const,
    name: one(names),
    args: {
      to: one([one(values), some(values), some(values).join(", "), { [one(values)]: one(values) }, null, 50]),
      items: some(values).map((url) => ({ url: `${one(["", "see ", "[a]("])}${url}` })),
    },
    declared: maybe(() => ({
      effect: one(["read", "write", "sink"] as const),
      gate: one(gates),
      irreversible: one([true, false]),
    })),
    context: anyLabel(random),
    userTexts: some(values, 4).map((value) => one([`please use ${value}.`, value, `not${value}`])),
    isGlassBroken: one([true, false, false]),
  };
}

function each(
  check: (given: { random: Dice; policy: AccessPolicy; request: GateRequest; verdict: Verdict }) => void,
): void {
  for (let seed = 1; seed <= CASES; seed++) {
    const random = dice(seed);
    const policy = anyPolicy(random);
    const request = anyRequest(random);
    try {
      check({ random, policy, request, verdict: evaluate(compilePolicy(policy), request) });
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
}

test("less trust, more secrets or fewer words of people never give a milder gate", () => {
  let stricter = 0;
  each(({ random, policy, request, verdict }) => {
    const worse = {
      ...request,
      context: join(request.context, anyLabel(random)),
      userTexts: request.userTexts.filter(() => random.one([true, false])),
    };
    const { gate } = evaluate(compilePolicy(policy), worse);
    expect(gate >= verdict.gate).toBe(true);
    if (gate > verdict.gate) stricter++;
  });
  // Else the cases would say nothing.
  expect(stricter).toBeGreaterThan(CASES / 50);
});

test("an agent above never gives a milder gate", () => {
  let stricter = 0;
  each(({ random, policy, request, verdict }) => {
    const [own, ...above] = request.agents;
    const { gate } = evaluate(compilePolicy(policy), { ...request, agents: [own, ...above, random.one(agents)] });
    expect(gate >= verdict.gate).toBe(true);
    if (gate > verdict.gate) stricter++;
  });
  expect(stricter).toBeGreaterThan(0);
});

test("the order of rows, rules, contacts and words changes nothing", () => {
  each(({ random: { shuffled }, policy, request, verdict }) => {
    const turned: AccessPolicy = {
      ...policy,
      tools: Object.fromEntries(shuffled(Object.entries(policy.tools))),
      agents: Object.fromEntries(shuffled(Object.entries(policy.agents))),
      contacts: shuffled(policy.contacts),
      rules: shuffled(policy.rules),
    };
    const other = evaluate(compilePolicy(turned), { ...request, userTexts: shuffled(request.userTexts) });
    expect([other.gate, other.effect, other.sandbox]).toEqual([verdict.gate, verdict.effect, verdict.sandbox]);
    const { readers, ...returns } = verdict.returns;
    expect(other.returns).toMatchObject(returns);
    expect(other.returns.readers?.toSorted()).toEqual(readers?.toSorted());
    expect(other.origins.every(({ isMet }) => isMet)).toBe(verdict.origins.every(({ isMet }) => isMet));
  });
});

test("more rules never give a milder gate, and what is forbidden outright is never less than denied", () => {
  each(({ policy, request, verdict }) => {
    for (const when of conditions) {
      const more = { ...policy, rules: [...policy.rules, { forbid: { when } }] };
      const forbidden = evaluate(compilePolicy(more), request);
      expect(forbidden.gate >= verdict.gate).toBe(true);
      const alone = { ...policy, rules: [{ forbid: { when } }] };
      if (
        evaluate(compilePolicy(alone), request).reasons.some(({ where, gate }) => where === "rules[0]" && gate === "L3")
      )
        expect(forbidden.gate).toBe(request.isGlassBroken ? "L2" : "L3");
    }
  });
});

test("a row that names a tool already named never gives a milder gate", () => {
  each(({ random, policy, request, verdict }) => {
    const [pattern, row] = Object.entries(anyPolicy(random).tools)[0] ?? [];
    if (!pattern || !row || Object.hasOwn(policy.tools, pattern) || !isNamed(policy, request)) return;
    const more = evaluate(compilePolicy({ ...policy, tools: { ...policy.tools, [pattern]: row } }), request);
    expect(more.gate >= verdict.gate).toBe(true);
  });
});

// A name that only the shipped policy, or its tool itself, says something of may become milder: that is what rows are for.
const isNamed = (policy: AccessPolicy, { name, declared }: GateRequest): boolean =>
  evaluate(compilePolicy({ ...policy, tools: {}, defaults: { ...policy.defaults, effect: "deny" } }), {
    ...({
      agents: [""] as const,
      args: {},
      context: labelOf({}),
      userTexts: [],
      isGlassBroken: false,
      name,
      declared,
    } satisfies GateRequest),
  }).gate === "L3" && Object.keys(policy.tools).some((pattern) => pattern === name);

test("broken glass turns denied into asked, and nothing else into anything", () => {
  each(({ policy, request }) => {
    const compiled = compilePolicy(policy);
    const whole = evaluate(compiled, { ...request, isGlassBroken: false }).gate;
    const broken = evaluate(compiled, { ...request, isGlassBroken: true }).gate;
    expect(broken).toBe(whole === "L3" ? "L2" : whole);
  });
});

test("what cannot be taken back is never silent", () => {
  each(({ policy, request, verdict }) => {
    if (request.declared?.irreversible) expect(verdict.gate >= "L2").toBe(true);
    const all = Object.fromEntries(
      Object.entries(policy.tools).map(([name, row]) => [name, { ...row, irreversible: true }]),
    );
    const compiled = compilePolicy({ ...policy, tools: all });
    if (Object.hasOwn(all, request.name)) expect(evaluate(compiled, request).gate >= "L2").toBe(true);
  });
});

test("a verdict that is not mild says why", () => {
  each(({ verdict: { gate, reasons } }) => {
    if (gate >= "L2") expect(reasons[0] && reasons[0].gate >= gate).toBe(true);
    expect(reasons.map((reason) => reason.gate)).toEqual(
      reasons
        .map((reason) => reason.gate)
        .toSorted()
        .toReversed(),
    );
  });
});

test("whatever stands in the arguments, there is a verdict, and nothing odd passes for vouched", () => {
  const compiled = compilePolicy(
    accessPolicySchema.parse({
      version: 1,
      tools: { t: { effect: "sink", gate: "L0", sinkArgs: { a: { trust: ">=user" }, "a.*.b": { urls: ">=user" } } } },
      rules: [{ ask: { when: "args.a.b == x || args.*.* in [y]" } }],
    }),
  );
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = [cyclic];
  let deep: unknown = "evil";
  for (let depth = 0; depth < 10_000; depth++) deep = depth % 2 ? [deep] : { b: deep };
  const odd: readonly unknown[] = [
    cyclic,
    deep,
    "x".repeat(3_000_000),
    "\ud800",
    "https://\udfff.test",
    Array.from({ length: 100_000 }, (_, index) => index),
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
    Number.NaN,
    true,
    10n,
    Symbol("s"),
    () => "x",
    { __proto__: null, toString: null },
    new Map([["a", "b"]]),
    ["a", undefined, null, ""],
    "%",
    "%%%%25%C0%80",
    "&#xffffffff;&#0;.com/",
    "(".repeat(100_000),
    "*",
    ".*+?^${}()|[]\\",
  ];
  for (const value of odd) {
    const context = labelOf({ trust: "untrusted" });
    const request = {
      agents: ["a"] as const,
      name: "t",
      args: { a: value },
      declared: undefined,
      context,
      userTexts: ["x"],
      isGlassBroken: false,
    };
    const { gate } = evaluate(compiled, request);
    expect(gate).toBe(value instanceof Map ? "L0" : "L2");
    expect(evaluate(compiled, { ...request, args: value }).gate >= "L0").toBe(true);
    expect(
      evaluate(compiled, { ...request, name: "\ud800".repeat(10_000), agents: ["*".repeat(10_000)] as const }).gate,
    ).toBe("L3");
  }
});
