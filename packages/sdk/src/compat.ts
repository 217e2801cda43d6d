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
export type { SnapshotStore } from "./compat/snapshot.ts";
