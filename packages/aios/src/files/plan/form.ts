/** What a step is asked for by; each becomes one call. */
export const verbs = [
  "write",
  "create",
  "append",
  "mkdir",
  "read",
  "list",
  "list-removed",
  "move",
  "rename",
  "copy",
  "remove",
  "restore",
  "undo",
  "rollback",
  "history",
  "diff",
  "share",
  "unshare",
  "search",
  "mount",
] as const;
export type Verb = (typeof verbs)[number];

export interface Form {
  readonly verb: Verb;
  /** What it does, for the page of the forms. */
  readonly does: string;
  readonly en: readonly string[];
  readonly zh: readonly string[];
}
