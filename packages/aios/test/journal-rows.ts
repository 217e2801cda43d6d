import { asCallId, asKeyId, asPid, asTenantId, noUsage } from "@aiosjs/sdk/protocol";
import type { JournalEvent, Problem } from "@aiosjs/sdk/protocol";
import type {
  BlobRow,
  CallRow,
  FileRow,
  JournalRecord,
  KeyRow,
  Label,
  NoteBody,
  NoteRow,
  ProcessRow,
} from "../src/kernel/ports.ts";

// Rows as a kernel writes them, for the journal's suites and its load programs.

export const alpha = asTenantId("alpha");
export const beta = asTenantId("beta");

export function processRow(pid: string, changes: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid: asPid(pid),
    tenant: alpha,
    parent: null,
    name: `agent ${pid}`,
    kind: "agent",
    state: "live",
    nice: 0,
    class: "interactive",
    capabilities: ["llm.*", "fs.read"],
    limits: [{ resource: "costUsd", window: "day", limit: 0.5 }],
    usage: { ...noUsage, inputTokens: 12, costUsd: 0.001_25 },
    counts: { done: 3, failed: 1, toolCalls: 2, waitingMs: 1.5, seq: 4 },
    program: { agent: "writer", task: "写一首诗 – a poem" },
    key: asKeyId("k1"),
    host: { hostPid: 41, hostStartedAt: "9001" },
    onExhausted: "refuse",
    startedAtMs: 1_000.25,
    endedAtMs: null,
    exit: null,
    incarnation: 2,
    seen: label,
    userTexts: ["写一首诗 – a poem"],
    ...changes,
  };
}

export const label: Label = {
  trust: "tool",
  confidentiality: "private",
  readers: ["ann@corp.example"],
  trustFrom: asCallId("p1-1"),
  confidentialityFrom: null,
};

export function callRow(pid: string, seq: number, changes: Partial<CallRow> = {}): CallRow {
  return {
    call: asCallId(`${pid}-${seq}`),
    tenant: alpha,
    pid: asPid(pid),
    seq,
    name: "llm.chat",
    device: "sim/m",
    state: "done",
    request: { model: "auto", messages: [{ role: "user", content: "hi" }] },
    result: { message: { role: "assistant", content: "hello" }, finishReason: "stop", model: "sim/m" },
    error: null,
    usage: { ...noUsage, outputTokens: 5 },
    timing: { queuedAt: 1_000 + seq, startedAt: 1_001 + seq, endedAt: 1_002 + seq, waitingMs: 1, turnaroundMs: 2 },
    incarnation: 2,
    replayKey: null,
    requestHash: null,
    idempotencyKey: null,
    completion: seq,
    firstOutputAtMs: 1_001.5 + seq,
    context: label,
    judgement: { gate: "L1", reason: { where: "rules[0]", why: "a person is asked" }, policy: null },
    ...changes,
  };
}

export function eventRow(seq: number, changes: Partial<JournalEvent> = {}): JournalEvent {
  return {
    seq,
    topic: "process.resumed",
    tenant: alpha,
    pid: asPid("p1"),
    atMs: 1_000 + seq,
    body: { reason: "asked" },
    ...changes,
  } as JournalEvent;
}

export const keyRow = (id: string, changes: Partial<KeyRow> = {}): KeyRow => ({
  id: asKeyId(id),
  hash: `sha-of-${id}`,
  tenant: alpha,
  pid: null,
  scopes: ["llm.*"],
  limits: [],
  createdAtMs: 5,
  expiresAtMs: null,
  isRevoked: false,
  ...changes,
});

export const ofProcess = (row: ProcessRow): JournalRecord => ({ kind: "process", row });
export const ofCall = (row: CallRow): JournalRecord => ({ kind: "call", row });
export const ofEvent = (row: JournalEvent): JournalRecord => ({ kind: "event", row });

export const noteBody = (content: string): NoteBody => ({
  content,
  keywords: ["gpu"],
  tags: [],
  context: "",
  category: "general",
  links: [{ to: "n2", strength: 0.5, why: "二" }],
  importance: 0.5,
  tier: "episodic",
  isPinned: false,
  labels: { trust: "untrusted", confidentiality: "internal" },
  source: { pid: "p1", call: "c1", uri: "" },
});

export const noteRow = (id: string, changes: Partial<NoteRow> = {}): NoteRow => ({
  id,
  tenant: alpha,
  namespace: "process:p1",
  version: 1,
  body: noteBody(id),
  createdAtMs: 1_000,
  atMs: 1_000,
  pid: asPid("p1"),
  seq: 1,
  isRemoved: false,
  ...changes,
});
export const ofNote = (id: string, changes: Partial<NoteRow> = {}): JournalRecord => ({
  kind: "note",
  row: noteRow(id, changes),
});

/** A version of a file of `shared`. */
export const fileRow = (path: string, change: number, changes: Partial<FileRow> = {}): FileRow => ({
  tenant: alpha,
  root: "shared",
  path,
  version: 1,
  change,
  kind: "file",
  hash: `sha-of-${path}-${change}`,
  sizeBytes: 10,
  labels: { trust: "user", confidentiality: "internal" },
  pid: asPid("p1"),
  call: asCallId(`c${change}`),
  seq: change,
  atMs: 1_000 + change,
  from: null,
  ...changes,
});
export const ofFile = (path: string, change: number, changes: Partial<FileRow> = {}): JournalRecord => ({
  kind: "file",
  row: fileRow(path, change, changes),
});
export const ofBlob = (hash: string, bytes: Uint8Array, changes: Partial<BlobRow> = {}): JournalRecord => ({
  kind: "blob",
  row: { hash, sizeBytes: bytes.byteLength, encoding: "plain", bytes, ...changes },
});

export const problem: Problem = {
  type: "urn:aios:error:EIO",
  title: "a device failed",
  status: 502,
  code: "EIO",
  detail: "the upstream broke",
  retryable: true,
};

/** A conversation of `length` messages of `chars` characters each, all different. */
export function conversation(length: number, chars = 1_000): { role: string; content: string }[] {
  return Array.from({ length }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: `message ${index} `.padEnd(chars, "lorem ipsum "),
  }));
}
