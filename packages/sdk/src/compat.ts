// Names that a predecessor made known, with the behaviour that they promised.
export { AgentContext } from "./compat/agent-context.ts";
export type {
  AgentContextLimits,
  AgentContextRecord,
  ContextMessage,
  ContextStatus,
  LimitViolation,
} from "./compat/agent-context.ts";
export { ContextManager } from "./compat/context-manager.ts";
export type { ContextManagerOptions, ContextSummary, LimitCheck, SwitchRecord } from "./compat/context-manager.ts";
export type { Json, JsonObject } from "./compat/copy-json.ts";
export { importStorage } from "./compat/import-storage.ts";
export type { StorageImport, StorageRow, StorageTable, StorageTables } from "./compat/import-storage.ts";
export { MemoryManager } from "./compat/memory-manager.ts";
export type { Allocation, EvictionRecord, MemoryManagerOptions, MemoryUsage } from "./compat/memory-manager.ts";
export type { NoteUsageClient } from "./compat/note-bytes.ts";
export type { SnapshotStore } from "./compat/snapshot.ts";
export { StorageManager } from "./compat/storage-manager.ts";
export type { StorageManagerOptions } from "./compat/storage-manager.ts";
export type {
  AgentStateRecord,
  AgentTaskStats,
  EventFilter,
  EventRecord,
  StoredContextRecord,
  TaskRecord,
} from "./compat/storage-records.ts";
export type { ValueClient } from "./compat/value-shelf.ts";
