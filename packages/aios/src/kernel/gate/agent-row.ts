import type { AccessPolicy, Limit } from "@aiosjs/sdk/protocol";
import { listed } from "./listed.ts";
import type { Listed } from "./listed.ts";
import { isAbout, matchesName } from "./name-pattern.ts";

/** All that the policy says of one agent: of several rows that name it, what each of them allows. */
export interface AgentRow {
  /** The rows that name it; empty: none does. */
  readonly names: readonly string[];
  /** One a row that has a list: a call has to be in each. Empty: whatever the policy knows. */
  readonly tools: readonly ToolList[];
  /** Hosts with ports; none: it reaches nothing. */
  readonly egress: readonly string[];
  readonly egressList: Listed;
  /** Names of secrets. */
  readonly secrets: readonly string[];
  /** Of its runs; those of `budget` and `limits` together. */
  readonly limits: readonly Limit[];
  /** Generations below it; null: not bounded. */
  readonly spawnDepth: number | null;
}

interface ToolList {
  /** The row's pattern. */
  readonly of: string;
  readonly names: readonly string[];
}

/** What binds a process: its agent's row, and those of all above it. */
export type JoinedRow = Pick<AgentRow, "names" | "tools" | "egress" | "egressList" | "secrets">;

export function agentRowOf({ agents }: AccessPolicy, name: string): AgentRow {
  const rows = Object.entries(agents).filter(([pattern]) => matchesName(pattern, name));
  const all = rows.map(([, row]) => row);
  const egress = inEach(
    all.flatMap((row) => (row.egress ? [row.egress] : [])),
    coversHost,
  );
  const depths = all.flatMap(({ spawn }) => (spawn ? [spawn.maxDepth] : []));
  return {
    names: rows.map(([pattern]) => pattern).toSorted(),
    tools: rows.flatMap(([of, { tools }]) => (tools ? [{ of, names: tools }] : [])),
    egress,
    egressList: listed(egress),
    secrets: inEach(
      all.flatMap((row) => (row.secrets ? [row.secrets] : [])),
      matchesName,
    ),
    limits: all.flatMap(limitsOf),
    spawnDepth: depths.length === 0 ? null : Math.min(...depths),
  };
}

/**
 * Who starts an agent lends it no more than they may do themselves: where a row names one above, it reaches what that one
 * reaches too. Who is not named above binds nobody.
 */
export function joinRows(own: AgentRow, above: readonly AgentRow[]): JoinedRow {
  const named = above.filter(({ names }) => names.length > 0);
  if (named.length === 0) return own;
  const rows = [own, ...named];
  const egress = inEach(
    rows.map((row) => row.egress),
    coversHost,
  );
  return {
    names: [...new Set(rows.flatMap(({ names }) => names))].toSorted(),
    tools: rows.flatMap(({ tools }) => tools),
    egress,
    egressList: listed(egress),
    secrets: inEach(
      rows.map(({ secrets }) => secrets),
      matchesName,
    ),
  };
}

// What a process is made of: it thinks, waits, keeps values and ends by them, and its capabilities bound them.
const ownLife = ["llm.*", "proc.*", "value.*", "call.*", "sys.*", "budget.*"];

/**
 * The row by which an agent may not make a call at all; undefined: none. A row lists tools, and the devices that its agent uses
 * beside its own life.
 */
export const forbiddenBy = (
  { tools }: Pick<AgentRow, "tools">,
  call: { name: string; isSyscall: boolean },
): string | undefined =>
  tools.find(({ names }) => ![...names, ...(call.isSyscall ? ownLife : [])].some((pattern) => isAbout(pattern, call)))
    ?.of;

function limitsOf({ budget, limits = [] }: AccessPolicy["agents"][string]): readonly Limit[] {
  const own = (["tokens", "costUsd"] as const).flatMap((resource): Limit[] => {
    const limit = budget?.[resource];
    return limit === undefined ? [] : [{ resource, window: "run", limit }];
  });
  return [...own, ...limits];
}

/** Entries that every list holds, or covers by a wider one. */
function inEach(
  lists: readonly (readonly string[])[],
  coversEntry: (wide: string, narrow: string) => boolean,
): readonly string[] {
  const all = new Set(lists.flat());
  return [...all].filter((one) => lists.every((list) => list.some((wide) => coversEntry(wide, one)))).toSorted();
}

/** `*.example.org:*` covers `api.example.org:443`. */
function coversHost(wide: string, narrow: string): boolean {
  const [wideHost = "", widePort] = wide.toLowerCase().split(":");
  const [host = "", port] = narrow.toLowerCase().split(":");
  if (widePort !== "*" && widePort !== port) return false;
  return wideHost === host || (wideHost.startsWith("*.") && host.endsWith(wideHost.slice(1)));
}
