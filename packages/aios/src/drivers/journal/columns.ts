// How rows travel to the writer: by table, in the order of these columns.
export const noteColumns = [
  "id",
  "tenant",
  "namespace",
  "version",
  "body",
  "created_at",
  "at",
  "pid",
  "seq",
  "is_removed",
] as const;

export const fileColumns = [
  "tenant",
  "root",
  "path",
  "version",
  "change",
  "kind",
  "hash",
  "size_bytes",
  "labels",
  "pid",
  "call",
  "seq",
  "at",
  "origin",
] as const;

/**
 * Tables whose rows are simple upserts by their key: the columns in the order in which values travel to the writer.
 * A table's place in the list is its code there.
 */
export const upserts = [
  {
    table: "process",
    key: ["pid"],
    columns: [
      "pid",
      "tenant",
      "parent",
      "name",
      "kind",
      "state",
      "nice",
      "class",
      "capabilities",
      "limits",
      "usage",
      "counts",
      "program",
      "key",
      "host",
      "on_exhausted",
      "started_at",
      "ended_at",
      "exit",
      "incarnation",
      "seen",
      "user_texts",
    ],
  },
  {
    table: "key",
    key: ["id"],
    columns: ["id", "hash", "tenant", "pid", "scopes", "limits", "created_at", "expires_at", "is_revoked"],
  },
  {
    table: "account",
    key: ["scope", "resource", "span"],
    columns: ["scope", "resource", "span", "ceiling", "used", "window_started_at"],
  },
  { table: "bucket", key: ["lane", "bucket"], columns: ["lane", "bucket", "level", "at"] },
  { table: "meta", key: ["key"], columns: ["key", "value"] },
  { table: "event", key: ["seq"], columns: ["seq", "topic", "tenant", "pid", "at", "body"] },
  { table: "message", key: ["seq"], columns: ["seq", "tenant", "queue", "sender", "body", "at", "taken_by", "label"] },
  {
    table: "approval",
    key: ["id"],
    columns: [
      "id",
      "tenant",
      "pid",
      "call",
      "kind",
      "question",
      "state",
      "answer",
      "answered_by",
      "about",
      "asked_at",
      "answered_at",
    ],
  },
  {
    table: "cursor",
    key: ["tenant", "name"],
    columns: ["tenant", "name", "pid", "pattern", "position", "at", "is_removed"],
  },
  {
    table: "timer",
    key: ["id"],
    columns: [
      "id",
      "tenant",
      "key",
      "schedule",
      "time_zone",
      "program",
      "scopes",
      "next_at",
      "last_pid",
      "created_at",
      "is_removed",
    ],
  },
  {
    table: "value",
    key: ["tenant", "scope", "key"],
    columns: ["tenant", "scope", "key", "value", "version", "label", "at", "is_removed"],
  },
  { table: "note_use", key: ["id"], columns: ["id", "accessed_at", "previous_at", "retrievals"] },
  {
    table: "access_group",
    key: ["tenant", "name"],
    columns: ["tenant", "name", "members", "created_at", "is_removed"],
  },
  {
    table: "file_share",
    key: ["id"],
    columns: [
      "id",
      "tenant",
      "root",
      "path",
      "version",
      "hash",
      "size_bytes",
      "pid",
      "created_at",
      "expires_at",
      "ended_at",
    ],
  },
  {
    table: "file_mount",
    key: ["tenant", "name"],
    columns: ["tenant", "name", "folder", "identity", "is_read_only", "created_at", "is_removed"],
  },
] as const;

export type UpsertTable = (typeof upserts)[number]["table"];

export const upsertCode = Object.fromEntries(upserts.map(({ table }, code) => [table, code])) as Record<
  UpsertTable,
  number
>;

/** The code of a call in a group: it is more than one row. */
export const CALL_CODE = upserts.length;
/** The code of a version of a note, followed by the values of `noteColumns`, its tier and whether it is pinned. */
export const NOTE_CODE = upserts.length + 1;
/** The code of a note that is evicted or comes back, followed by its id, its version and which. */
export const NOTE_EVICTED_CODE = upserts.length + 2;
/** The code of a note that is erased, followed by its id. */
export const NOTE_ERASED_CODE = upserts.length + 3;
/** The code of a version of a file, followed by the values of `fileColumns`. */
export const FILE_CODE = upserts.length + 4;
/** The code of a file that is on the disk, followed by its stamp, since when it is not synced, its tenant, root, path and version. */
export const FILE_PLACED_CODE = upserts.length + 5;
/** The code of a root of which nothing is left, followed by its tenant and name. */
export const FILES_ERASED_CODE = upserts.length + 6;
/** The code of a content, followed by its hash, size, encoding and bytes. */
export const FILE_BLOB_CODE = upserts.length + 7;

/** Columns of `syscall` in the order in which values travel; `device` and what follows may change when the call ends. */
export const callColumns = [
  "call",
  "tenant",
  "pid",
  "seq",
  "name",
  "transcript",
  "request_blob",
  "request",
  "request_content",
  "replay_key",
  "request_hash",
  "idempotency_key",
  "device",
  "incarnation",
  "state",
  "queued_at",
  "started_at",
  "ended_at",
  "waiting_ms",
  "turnaround_ms",
  "usage",
  "result_blob",
  "error",
  "result",
  "completion",
  "first_output_at",
  "context",
  "judgement",
] as const;

/** How many of `callColumns` are fixed once the call was recorded first. */
export const CALL_FIXED_COLUMNS = callColumns.indexOf("device");
