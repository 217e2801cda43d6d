import type { JournalEvent } from "@aiosjs/sdk/protocol";
import type { CallRow } from "../../kernel/ports.ts";
import { ownerKey } from "./memory-store.ts";
import type { MemoryStore } from "./memory-store.ts";
import { subscribed } from "./retention.ts";
import type { Pruned } from "./wire.ts";

/** What the journal in memory forgets: as the one on a disk does. */
export function pruneMemory(
  store: MemoryStore,
  keep: { nowMs: number; beforeMs: number; filesBeforeMs: number; keepChars: number },
): Pruned {
  const { nowMs, beforeMs, filesBeforeMs, keepChars } = keep;
  const pruned = { results: 0, requests: 0, calls: 0, events: 0, processes: 0, ...store.files.prune(filesBeforeMs) };
  const ended = [...store.calls].filter(([, { isIntent, row }]) => !isIntent && !isToldAgain(store, row.read()));
  ended.sort(([, left], [, right]) => left.queuedAtMs - right.queuedAtMs);
  for (const [id, { queuedAtMs }] of ended) if (queuedAtMs < beforeMs) pruned.calls += forget(store, id);
  const cursors = [...store.cursors.values()].map((kept) => kept.read()).filter(({ isRemoved }) => !isRemoved);
  const mayGo = ({ seq, atMs, topic, tenant }: JournalEvent): boolean => {
    if (seq === store.lastEventSeq || atMs >= beforeMs) return false;
    const isAwaited = cursors.some((cursor) => cursor.tenant === tenant && cursor.position < seq);
    return !(isAwaited && subscribed.includes(topic));
  };
  for (const { seq } of store.audit.forget(mayGo, nowMs)) if (store.events.delete(seq)) pruned.events++;
  for (const [pid, kept] of store.processes) {
    const { state, endedAtMs } = kept.read();
    if (state !== "zombie" || endedAtMs === null || endedAtMs >= beforeMs) continue;
    store.processes.delete(pid);
    pruned.processes++;
  }
  const isTooLarge = (): boolean => sizeOf(store) > keepChars;
  for (const [id] of ended) if (isTooLarge()) pruned.results += drop(store, id, "result");
  for (const [id] of ended) if (isTooLarge()) pruned.requests += drop(store, id, "request");
  for (const [id] of ended) if (isTooLarge()) pruned.calls += forget(store, id);
  return pruned;
}

/** In characters, without the contents of files. */
export function sizeOf({ bodies, calls, events }: MemoryStore): number {
  let size = bodies.sizeChars;
  for (const { row, request, result } of calls.values())
    for (const kept of [row, request?.rest, result]) size += kept?.text.length ?? 0;
  for (const { text } of events.values()) size += text.length;
  return size;
}

/** A living program is told it again after a restart. */
function isToldAgain(store: MemoryStore, { pid, replayKey, requestHash }: CallRow): boolean {
  const isAlive = store.processes.get(pid)?.read().endedAtMs === null;
  return isAlive && (replayKey ?? requestHash) !== null;
}

function forget(store: MemoryStore, id: string): number {
  const stored = store.calls.get(id);
  if (stored === undefined) return 0;
  drop(store, id, "result");
  drop(store, id, "request");
  store.calls.delete(id);
  const { tenant, pid, seq } = stored.row.read();
  store.callsOf.get(ownerKey(tenant, pid))?.delete(seq);
  return 1;
}

function drop(store: MemoryStore, id: string, part: "request" | "result"): number {
  const stored = store.calls.get(id);
  if (stored?.[part] === undefined) return 0;
  if (part === "request") store.bodies.drop(stored.request?.messages ?? []);
  store.calls.set(id, { ...stored, [part]: undefined });
  return 1;
}
