import type { AccessPolicy, ArgumentNeed, Gate, ToolAccess } from "@aiosjs/sdk/protocol";
import { sandboxRank, strictest } from "./gates.ts";
import { join, labelOf } from "./label.ts";
import type { Label } from "./label.ts";
import { isAbout, namesSyscalls } from "./name-pattern.ts";
import { shippedPolicy } from "./shipped-policy.ts";

export interface NamedCall {
  readonly name: string;
  readonly declared: ToolAccess | undefined;
}

interface Need {
  /** As it stands in the policy: `to`. */
  readonly name: string;
  readonly path: readonly string[];
  readonly need: ArgumentNeed;
  readonly where: string;
}

/** What is known of a call by its name; `where` is null for what nobody knows. */
export interface KnownCall {
  readonly isSyscall: boolean;
  readonly gate: Gate;
  /** Where the gate stands. */
  readonly where: string | null;
  readonly effects: readonly ToolAccess["effect"][];
  readonly irreversible: string | null;
  readonly ifTainted: { readonly gate: Gate; readonly where: string } | null;
  readonly needs: readonly Need[];
  readonly returns: Label;
  readonly sandbox: ToolAccess["sandbox"];
}

/** All rows about a call, as one: of several the strictest. */
export function knownCall(policy: AccessPolicy, { name, declared }: NamedCall): KnownCall {
  const isSyscall = declared === undefined && namesSyscalls(name);
  const own = about(policy, { name, isSyscall });
  const rows = own.length > 0 || !isSyscall ? own : about(shippedPolicy, { name, isSyscall });
  const isDeclared = rows.length === 0 && declared !== undefined && policy.defaults.effect === "declared";
  const known = isDeclared ? ([["declared", declared]] as const) : rows;
  const bare = isSyscall ? shippedLabel(name) : labelOf({ trust: policy.defaults.unlabelled });
  if (known.length === 0)
    return {
      isSyscall,
      gate: "L3",
      where: null,
      effects: declared ? [declared.effect] : ["sink"],
      irreversible: declared?.irreversible ? "declared" : null,
      ifTainted: null,
      needs: [],
      returns: bare,
      sandbox: undefined,
    };
  const first = known.toSorted(([, left], [, right]) =>
    left.gate < right.gate ? 1 : left.gate > right.gate ? -1 : 0,
  )[0]!;
  const tainted = known.flatMap(([where, { gateIfTainted }]) =>
    gateIfTainted ? [{ gate: gateIfTainted, where }] : [],
  );
  return {
    isSyscall,
    gate: first[1].gate,
    where: first[0],
    effects: [...new Set(known.map(([, row]) => row.effect))],
    // Whoever brought the tool knows that it cannot be taken back, whatever a row says.
    irreversible: known.find(([, row]) => row.irreversible)?.[0] ?? (declared?.irreversible ? "declared" : null),
    ifTainted: tainted.reduce<KnownCall["ifTainted"]>(
      (most, one) => (most && strictest(most.gate, one.gate) === most.gate ? most : one),
      null,
    ),
    needs: known.flatMap(([where, { sinkArgs = {} }]) =>
      Object.entries(sinkArgs).map(([argument, need]) => ({
        name: argument,
        path: argument.split("."),
        need,
        where: `${where}.sinkArgs.${argument}`,
      })),
    ),
    returns: known
      .map(([, { returns }]) =>
        labelOf({
          trust: returns?.trust ?? bare.trust,
          confidentiality: returns?.conf ?? bare.confidentiality,
          readers: returns?.readers,
        }),
      )
      .reduce(join),
    sandbox: known
      .map(([, row]) => row.sandbox)
      .reduce((one, other) => (sandboxRank(one) >= sandboxRank(other) ? one : other)),
  };
}

/** Results of syscalls bear their labels themselves: a row that says only who may make one makes nothing less trusted. */
function shippedLabel(name: string): Label {
  const rows = about(shippedPolicy, { name, isSyscall: true });
  if (rows.length === 0) return labelOf({ trust: shippedPolicy.defaults.unlabelled });
  return rows
    .map(([, { returns }]) =>
      labelOf({ trust: returns?.trust ?? "untrusted", confidentiality: returns?.conf ?? "public" }),
    )
    .reduce(join);
}

/** What is shipped of syscalls is of nothing that is only called like one. */
const about = (policy: AccessPolicy, call: { name: string; isSyscall: boolean }): (readonly [string, ToolAccess])[] =>
  Object.entries(policy.tools).flatMap(([pattern, row]) =>
    isAbout(pattern, call) && (call.isSyscall || policy !== shippedPolicy || !namesSyscalls(pattern))
      ? [[`tools.${pattern}`, row] as const]
      : [],
  );
