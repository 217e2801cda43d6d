// What is attacked: the file syscalls of the kernel, and the roots that their paths begin with. A new one is one line here.
export type Like = "read" | "write" | "list" | "remove";

interface Verb {
  /** What unprotected code does in its stead. */
  readonly like: Like;
  /** One after another, until one is refused; nothing is at `fresh` yet. */
  readonly calls: (path: string, fresh: string) => readonly (readonly [name: string, args: object])[];
}

/** What every write writes. */
export const WRITTEN = "written by a call";

export const verbs = {
  read: { like: "read", calls: (path) => [["fs.read", { path }]] },
  write: { like: "write", calls: (path) => [["fs.write", { path, content: WRITTEN }]] },
  list: { like: "list", calls: (path) => [["fs.list", { path }]] },
  remove: { like: "remove", calls: (path) => [["fs.remove", { path }]] },
  readVersion: { like: "read", calls: (path) => [["fs.read", { path, version: 1 }]] },
  stat: { like: "read", calls: (path) => [["fs.stat", { path }]] },
  copy: {
    like: "read",
    calls: (from, to) => [
      ["fs.copy", { from, to }],
      ["fs.read", { path: to }],
    ],
  },
  append: { like: "write", calls: (path) => [["fs.append", { path, content: WRITTEN }]] },
  mkdir: { like: "write", calls: (path) => [["fs.mkdir", { path }]] },
  moveTo: {
    like: "write",
    calls: (to, from) => [
      ["fs.write", { path: from, content: WRITTEN }],
      ["fs.move", { from, to }],
    ],
  },
  copyTo: {
    like: "write",
    calls: (to, from) => [
      ["fs.write", { path: from, content: WRITTEN }],
      ["fs.copy", { from, to }],
    ],
  },
  restore: { like: "write", calls: (path) => [["fs.restore", { path }]] },
  rollback: { like: "write", calls: (path) => [["fs.rollback", { path, version: 1 }]] },
  history: { like: "list", calls: (path) => [["fs.history", { path }]] },
  listRemoved: { like: "list", calls: (path) => [["fs.list", { path, isRemoved: true }]] },
  move: {
    like: "remove",
    calls: (from, to) => [
      ["fs.move", { from, to }],
      ["fs.read", { path: to }],
    ],
  },
  removeAll: { like: "remove", calls: (path) => [["fs.remove", { path, isRecursive: true }]] },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof verbs;
export const verbNames = Object.keys(verbs) as readonly VerbName[];

/** What stands before a path, and the folder of the machine that it leads to is found by what is written there. */
export const roots = ["", "/shared/", "/mnt/attacked/"] as const;

/** Whose call it is; without a tenant it is the home's own. */
export interface Caller {
  readonly tenant: string;
  readonly session: string;
}

/** One attempt. `readAs` and `check` are for unprotected code alone. */
export interface Ask {
  readonly verb: VerbName;
  readonly path: string;
  readonly readAs?: ReadAs | undefined;
  readonly check?: Check | undefined;
}

/** A call that is no attack on a path: it is made as it stands. */
export interface RawAsk {
  readonly name: string;
  readonly args: object;
  readonly by: Caller;
}

/** What unprotected code looks at before it opens: nothing, the text of the path, or what is there. */
export type Check = "nothing" | "prefix" | "real path";

/** How unprotected code, or the system below it, understands a path. */
export type ReadAs = "decoded" | "compatibility" | "backslashes" | "windows" | "c-string" | "composed" | "folded";

export interface Answer {
  readonly is: "done" | "refused" | "hung" | "died";
  /** The result as JSON, or the refusal with its hint; of a long one the beginning and the end. */
  readonly text: string;
  readonly length: number;
}
