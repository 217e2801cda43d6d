import type { CallRecord } from "../call-record.ts";
import type { Process } from "../process.ts";
import { fold } from "./spoken.ts";
import type { ArgumentOrigin, Verdict } from "./verdict.ts";

/** Of what is done below one process that a person started; the oldest are forgotten, and count as not done. */
const MAX_USES = 10_000;

/** One value at one sink, however it is written: `to.0`, `Bob <bob@example.org>` and `BOB@example.org` in `to` are one use. */
export function useOf({ path, value }: Pick<ArgumentOrigin, "path" | "value">): string {
  const address = /<([^<>\s,;]{1,200})>$/.exec(value.trim())?.[1] ?? value;
  return `${path.replaceAll(/\.\d+(?=\.|$)/g, "")} ${fold(address).replaceAll(/[^\p{L}\p{N}]+/gu, "")}`;
}

/**
 * What calls that do more when they are made again have been made with, by a process that a person started and all below it: what
 * a person says once is meant once. It does not outlive the kernel but for programs that are replayed: their calls are told again.
 */
export class UsedWords {
  readonly #used = new WeakMap<Process, Map<string, Map<string, number>>>();
  readonly #waiting = new WeakMap<CallRecord, { readonly name: string; readonly origins: Verdict["origins"] }>();

  usesOf(process: Process, name: string): ReadonlyMap<string, number> {
    return this.#used.get(startedBy(process))?.get(name) ?? new Map();
  }

  /** It is judged; whether it is made shows when it passes. */
  judged(record: CallRecord, name: string, { origins }: Verdict): void {
    if (origins.length > 0) this.#waiting.set(record, { name, origins });
  }

  passed(record: CallRecord): void {
    const waiting = this.#waiting.get(record);
    if (!waiting) return;
    this.#waiting.delete(record);
    const top = startedBy(record.process);
    const all = this.#used.get(top) ?? new Map<string, Map<string, number>>();
    const uses = all.get(waiting.name) ?? new Map<string, number>();
    this.#used.set(top, all.set(waiting.name, uses));
    for (const use of new Set(waiting.origins.map(useOf))) uses.set(use, (uses.get(use) ?? 0) + 1);
    for (const use of uses.keys())
      if (uses.size > MAX_USES) uses.delete(use);
      else break;
  }
}

function startedBy(process: Process): Process {
  let top = process;
  while (top.parent && top.parent.kind !== "kernel") top = top.parent;
  return top;
}
