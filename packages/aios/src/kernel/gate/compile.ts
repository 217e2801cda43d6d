import { SysError } from "@aiosjs/sdk/protocol";
import type { AccessPolicy, Gate, ToolAccess } from "@aiosjs/sdk/protocol";
import { agentRowOf, joinRows } from "./agent-row.ts";
import type { AgentRow, JoinedRow } from "./agent-row.ts";
import { parseCondition } from "./condition.ts";
import type { Condition, ConditionFault } from "./condition.ts";
import { knownCall } from "./known-call.ts";
import type { KnownCall, NamedCall } from "./known-call.ts";
import { listed } from "./listed.ts";
import type { Listed } from "./listed.ts";
import { saidText } from "./spoken.ts";
import type { SaidText } from "./spoken.ts";
import type { Agents } from "./verdict.ts";

/** A policy that has been checked, in the form in which calls are judged by it. */
export interface CompiledPolicy {
  readonly policy: AccessPolicy;
  readonly rules: readonly CompiledRule[];
  readonly contacts: Listed;
  readonly allowlists: ReadonlyMap<string, Listed>;
  /** All rows about a call, as one. */
  rowOf(call: NamedCall): KnownCall;
  agentRow(name: string): AgentRow;
  joinedRow(agents: Agents): JoinedRow;
  said(text: string): SaidText;
}

interface CompiledRule {
  /** As `rules[2]`. */
  readonly where: string;
  readonly gate: Gate;
  readonly why: string;
  readonly condition: Condition;
}

/**
 * Checks what the schema cannot: conditions, and that lists which are named are there.
 * @throws SysError EINVAL with the place in the policy, as `refuse` words it.
 */
export function compilePolicy(
  policy: AccessPolicy,
  { refuse = refusal }: { refuse?: (fault: PolicyFault) => SysError } = {},
): CompiledPolicy {
  const rules = policy.rules.map((rule, index): CompiledRule => {
    const [kind, when] = "forbid" in rule ? (["forbid", rule.forbid.when] as const) : (["ask", rule.ask.when] as const);
    const parsed = parseCondition(when);
    if ("fault" in parsed) throw refuse({ path: ["rules", index, kind, "when"], ...parsed.fault });
    const isAsk = "ask" in rule || rule.forbid.unless === "approved";
    return {
      where: `rules[${index}]`,
      gate: isAsk ? "L2" : "L3",
      why: `${isAsk ? "a person is asked" : "it is forbidden"} when ${when}`,
      condition: parsed.condition,
    };
  });
  const named = ["egress", ...Object.keys(policy.allowlists)];
  for (const [tool, { sinkArgs = {} }] of Object.entries(policy.tools))
    for (const [argument, { or }] of Object.entries(sinkArgs))
      if (or?.inAllowlist !== undefined && !named.includes(or.inAllowlist))
        throw refuse({
          path: ["tools", tool, "sinkArgs", argument, "or", "inAllowlist"],
          at: null,
          message: `there is no allow-list "${or.inAllowlist}"`,
          word: or.inAllowlist,
          known: named,
        });
  const texts = remembered(saidText, { most: 1_024, mostChars: 4_000_000 });
  const agentRow = remembered((name: string) => agentRowOf(policy, name), { most: 4_096 });
  const joinedRow = remembered(
    (agents: string) => {
      const [own, ...above] = JSON.parse(agents) as [string, ...string[]];
      return joinRows(agentRow(own), above.map(agentRow));
    },
    { most: 4_096, mostChars: 4_000_000 },
  );
  const hasAgents = Object.keys(policy.agents).length > 0;
  const rows = remembered((name: string) => knownCall(policy, { name, declared: undefined }), { most: 4_096 });
  const declaredRows = new WeakMap<ToolAccess, Map<string, KnownCall>>();
  return {
    policy,
    rules,
    contacts: listed(policy.contacts),
    allowlists: new Map(Object.entries(policy.allowlists).map(([name, entries]) => [name, listed(entries)])),
    agentRow,
    joinedRow: (agents) =>
      hasAgents && agents.length > 1 ? joinedRow(JSON.stringify(agents)) : agentRow(hasAgents ? agents[0] : ""),
    said: texts,
    rowOf: ({ name, declared }) => {
      if (declared === undefined) return rows(name);
      const known = declaredRows.get(declared) ?? new Map<string, KnownCall>();
      declaredRows.set(declared, known);
      const row = known.get(name) ?? knownCall(policy, { name, declared });
      if (known.size < 16) known.set(name, row);
      return row;
    },
  };
}

/** Why a policy cannot hold. */
export interface PolicyFault extends Omit<ConditionFault, "at"> {
  readonly path: readonly (string | number)[];
  /** From 0, in a condition; null: the value is wrong as a whole. */
  readonly at: number | null;
}

const refusal = ({ path, at, message, known }: PolicyFault): SysError =>
  new SysError("EINVAL", `${placeText(path)}${at === null ? "" : `, character ${at + 1}`}: ${message}`, {
    hint: known.length > 0 ? `there are ${known.join(", ")}` : undefined,
  });

/** `rules[2].forbid.when`. */
export const placeText = (path: readonly (string | number)[]): string =>
  path.map((word, index) => (typeof word === "number" ? `[${word}]` : `${index === 0 ? "" : "."}${word}`)).join("");

/** Names and texts come from programs: what is remembered of them has an end. */
function remembered<Value>(
  make: (name: string) => Value,
  { most, mostChars = Infinity }: { most: number; mostChars?: number },
): (name: string) => Value {
  const known = new Map<string, Value>();
  let chars = 0;
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    chars += name.length;
    if (known.size >= most || chars > mostChars) {
      known.clear();
      chars = name.length;
    }
    const value = make(name);
    known.set(name, value);
    return value;
  };
}
