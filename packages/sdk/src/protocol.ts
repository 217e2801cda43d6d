// The part of the sdk that the kernel imports: the table, the events, the errors, the ids.
export { asCallId, asKeyId, asPid, asTenantId } from "./ids.ts";
export type { CallId, KeyId, Pid, TenantId } from "./ids.ts";
export { errnoTable, fromProblem, isErrno, isSysError, SysError, toProblem } from "./errors.ts";
export type { Errno, Problem } from "./errors.ts";
export { isTerminal } from "./events.ts";
export type { DeltaEvent, JournalEvent, JournalEventBodies, SysEvent, Topic } from "./events.ts";
export { canonicalJson } from "./canonical-json.ts";
export { holdsUnsafe, parseExactly } from "./exact-json.ts";
export { meaningOfForeign, meaningOfRequest, piecesOf } from "./same-request.ts";
export { addUsage, cacheWrites, noUsage, timingSchema, usageSchema } from "./usage.ts";
export type { Timing, Usage } from "./usage.ts";
export { isSyscallName, specOf, syscallTable } from "./syscalls/table.ts";
export type { ArgsOf, ParsedArgsOf, ResultOf, SyscallName } from "./syscalls/table.ts";
export { classSchema, limitSchema, niceSchema } from "./syscalls/spec.ts";
export type { Effect, Limit, OnExhausted, Resource, SchedulingClass, SyscallSpec, Window } from "./syscalls/spec.ts";
export { chatArgsSchema } from "./syscalls/llm.ts";
export type {
  AssistantMessage,
  ChatArgs,
  ChatResult,
  EmbedArgs,
  EmbedResult,
  Foreign,
  Message,
  Tool,
  ToolCall,
} from "./syscalls/llm.ts";
export type { Exit, ProcessView, Signal } from "./syscalls/proc.ts";
export type { SnapshotItem } from "./syscalls/proc-state.ts";
export type { CallView, HistoryEvent } from "./syscalls/trace.ts";
export type { TopicEvent } from "./syscalls/ipc.ts";
export type { ApprovalView } from "./syscalls/approval.ts";
export type { HeldCall } from "./syscalls/debug.ts";
export type { TimerView } from "./syscalls/cron.ts";
export type { GroupMember } from "./syscalls/group.ts";
export type { Explanation } from "./syscalls/policy.ts";
export { confidentialityLevels, labelsSchema, noteSchema, tierSchema, trustLevels } from "./note.ts";
export { accessPolicySchema, gates, toolAccessSchema } from "./access-policy.ts";
export type { AccessPolicy, ArgumentNeed, Gate, ToolAccess } from "./access-policy.ts";
export { memoryOptionsSchema } from "./memory-options.ts";
export type { Recall, Remember } from "./memory-options.ts";
export type { Labels, Note, NoteDescription, NoteLink, Tier } from "./note.ts";
export { MAX_SHARE_MS } from "./syscalls/fs.ts";
export type { FileHunk, FileVersion } from "./syscalls/fs.ts";
export type { FileStep } from "./syscalls/fs-do.ts";
export { manifestSchema } from "./manifest.ts";
export type { Manifest, ManifestInput } from "./manifest.ts";
export type { SyscallOptions, Transport } from "./transport.ts";
