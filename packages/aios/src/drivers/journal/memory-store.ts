import type { NodeRow } from "../../kernel/ports.ts";
import { MemoryBodies } from "./memory-bodies.ts";
import type { StoredRequest } from "./memory-bodies.ts";

export interface StoredCall {
  /** The row without its request and result, as JSON. */
  readonly text: string;
  readonly queuedAtMs: number;
  readonly isIntent: boolean;
  readonly request: StoredRequest | undefined;
  readonly result: string | undefined;
}

/** What a journal in memory holds; several handles may share one, as several kernels share a file. */
export interface MemoryStore {
  readonly processes: Map<string, string>;
  readonly keys: Map<string, string>;
  readonly accounts: Map<string, string>;
  readonly buckets: Map<string, string>;
  readonly meta: Map<string, string>;
  readonly messages: Map<number, string>;
  readonly approvals: Map<string, string>;
  readonly cursors: Map<string, string>;
  readonly timers: Map<string, string>;
  /** By tenant and scope, then by key. */
  readonly values: Map<string, Map<string, string>>;
  readonly calls: Map<string, StoredCall>;
  readonly callsOf: Map<string, Map<number, string>>;
  readonly events: Map<number, string>;
  readonly bodies: MemoryBodies;
  lastEventSeq: number;
  holder: NodeRow | undefined;
}

export const createMemoryStore = (): MemoryStore => ({
  processes: new Map(),
  keys: new Map(),
  accounts: new Map(),
  buckets: new Map(),
  meta: new Map(),
  messages: new Map(),
  approvals: new Map(),
  cursors: new Map(),
  timers: new Map(),
  values: new Map(),
  calls: new Map(),
  callsOf: new Map(),
  events: new Map(),
  bodies: new MemoryBodies(),
  lastEventSeq: 0,
  holder: undefined,
});
