import type { CallView, Usage } from "@aiosjs/sdk";
import { addUsage, noUsage } from "@aiosjs/sdk";

/** Where time goes, in the order in which what happens at once is counted: an instant belongs to the first that holds. */
export const shares = [
  /** A model's answer came, piece by piece. */
  "decode",
  /** A model had the call, and nothing had come yet. */
  "prefill",
  /** A model's answer came in one piece: what of it was reading is not known. */
  "answer",
  "tool",
  "suspended",
  /** In run queues. */
  "waiting",
  /** Other syscalls, such as waiting for a child, and what the kernel does before a call waits. */
  "other",
  /** No call was open: the program's own time. */
  "own",
] as const;
export type Share = (typeof shares)[number];

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Profiled extends Span {
  readonly calls: readonly CallView[];
  readonly suspended: readonly Span[];
}

/** Calls of one kind, summed up; their times overlap where they ran at once. */
export interface CallGroup {
  readonly kind: "model" | "tool" | "syscall" | "site";
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  readonly waitingMs: number;
  readonly busyMs: number;
  readonly usage: Usage;
}

export interface Profile {
  readonly wallMs: number;
  /** Milliseconds; their sum is the wall time. */
  readonly shares: Readonly<Record<Share, number>>;
  /** By model, tool or syscall, the longest first. */
  readonly groups: readonly CallGroup[];
  /** Model calls by their place in the program, where they tell it. */
  readonly sites: readonly CallGroup[];
  readonly usage: Usage;
}

/** Where a process's time and money went. Calls that overlap are not counted twice: at each instant one share runs. */
export function profileOf({ calls, from, to, suspended }: Profiled): Profile {
  const spans = [...calls.flatMap(spansOf), ...suspended.map((span) => ({ ...span, share: "suspended" as const }))];
  const isSite = ({ callSite }: CallView): boolean => callSite !== undefined;
  return {
    wallMs: Math.max(0, to - from),
    shares: swept(spans, { from, to }),
    groups: grouped(calls, (call) => [kindOf(call), nameOf(call)]),
    sites: grouped(calls.filter(isSite), ({ callSite = "" }) => ["site", callSite]),
    usage: calls.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
  };
}

type SharedSpan = Span & { readonly share: Share };

/**
 * A call's stages: on its way into the kernel and its journal, waiting, served. Waiting after the first dispatch (retries,
 * preemption) is taken to come before the first output.
 */
function spansOf(call: CallView): SharedSpan[] {
  const { queuedAt, startedAt, endedAt, waitingMs } = call.timing;
  const firstWait = Math.min(waitingMs, startedAt - queuedAt);
  const firstOutputAt = call.firstOutputAt ?? endedAt;
  const servedAt = Math.min(startedAt + waitingMs - firstWait, firstOutputAt);
  const before: SharedSpan[] = [
    { from: queuedAt, to: startedAt - firstWait, share: "other" },
    { from: startedAt - firstWait, to: servedAt, share: "waiting" },
  ];
  switch (kindOf(call)) {
    case "model":
      return firstOutputAt < endedAt
        ? [
            ...before,
            { from: servedAt, to: firstOutputAt, share: "prefill" },
            { from: firstOutputAt, to: endedAt, share: "decode" },
          ]
        : [...before, { from: servedAt, to: endedAt, share: "answer" }];
    case "tool":
      return [...before, { from: servedAt, to: endedAt, share: "tool" }];
    case "syscall":
      return [...before, { from: servedAt, to: endedAt, share: "other" }];
  }
}

function kindOf({ name, device }: CallView): "model" | "tool" | "syscall" {
  if (name === "tool.call") return "tool";
  return name.startsWith("llm.") && device !== "kernel" ? "model" : "syscall";
}

function nameOf(call: CallView): string {
  if (call.name === "tool.call") return call.tool ?? call.name;
  return kindOf(call) === "model" ? call.device : call.name;
}

/** From boundary to boundary: what is on between two of them gets the time, the first of `shares` if several are. */
function swept(spans: readonly SharedSpan[], { from, to }: Span): Record<Share, number> {
  const sums = Object.fromEntries(shares.map((share) => [share, 0])) as Record<Share, number>;
  const boundaries = spans
    .flatMap(({ share, ...span }) => {
      const [begins, ends] = [Math.max(from, span.from), Math.min(to, span.to)];
      return ends > begins
        ? [
            { at: begins, share, step: 1 },
            { at: ends, share, step: -1 },
          ]
        : [];
    })
    .toSorted((left, right) => left.at - right.at);
  const open = new Map<Share, number>();
  let at = from;
  const advance = (until: number): void => {
    const share = shares.find((one) => (open.get(one) ?? 0) > 0) ?? "own";
    sums[share] += until - at;
    at = until;
  };
  for (const boundary of boundaries) {
    advance(boundary.at);
    open.set(boundary.share, (open.get(boundary.share) ?? 0) + boundary.step);
  }
  advance(Math.max(from, to));
  return sums;
}

function grouped(
  calls: readonly CallView[],
  keyOf: (call: CallView) => readonly [kind: CallGroup["kind"], name: string],
): CallGroup[] {
  const groups = new Map<string, CallGroup>();
  for (const call of calls) {
    const [kind, name] = keyOf(call);
    const { waitingMs, turnaroundMs } = call.timing;
    const before = groups.get(`${kind} ${name}`);
    groups.set(`${kind} ${name}`, {
      kind,
      name,
      calls: (before?.calls ?? 0) + 1,
      failed: (before?.failed ?? 0) + (call.state === "failed" ? 1 : 0),
      waitingMs: (before?.waitingMs ?? 0) + waitingMs,
      busyMs: (before?.busyMs ?? 0) + Math.max(0, turnaroundMs - waitingMs),
      usage: addUsage(before?.usage ?? noUsage, call.usage),
    });
  }
  return [...groups.values()].toSorted((left, right) => right.busyMs + right.waitingMs - left.busyMs - left.waitingMs);
}
