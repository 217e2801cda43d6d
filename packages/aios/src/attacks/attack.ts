// What is tried against a sandbox, and what becomes of it. Each attack is first made as an ordinary child of the same user, its
// control: only what was seen to succeed there proves anything where it is held.

export type Words = Readonly<Record<string, string>>;

/** Run by an interpreter of the machine, or of the sandbox; where there is none the attack is not verified. */
export interface Program {
  readonly language: "python3" | "sh";
  readonly source: string;
}

/** How a program ended, and what it printed on both streams. */
export interface Ran {
  readonly output: string;
  /** null: killed. */
  readonly code: number | null;
  readonly exceeded?: "wallMs" | "memoryBytes" | undefined;
  readonly droppedBytes: number;
  /** There is no such interpreter. */
  readonly isMissing: boolean;
}

/** Bounds under which bombs are tried; a control has only the last two. */
export interface Bounds {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly fileBytes: number;
  readonly outputBytes: number;
  readonly wallMs: number;
}

/** Where an attack is made: the machine itself, or a sandbox of one driver. */
export interface Ground extends AsyncDisposable {
  readonly name: string;
  readonly isControl: boolean;
  /** The workspace, on the machine. */
  readonly workspace: string;
  /** The workspace as programs here name it. */
  readonly home: string;
  /** The folder that is shown read-only, as programs here name it. */
  readonly view: string;
  run(program: Program, words: Words, options?: { readonly wallMs?: number }): Promise<Ran>;
  upload(path: string, bytes: Uint8Array): Promise<void>;
  download(path: string, maxBytes: number): Promise<Uint8Array>;
  snapshot(): Promise<string>;
  revert(snapshot: string): Promise<void>;
}

/** Why nothing is known. */
export type Reason =
  | { readonly is: "no-interpreter"; readonly name: string }
  | { readonly is: "refused"; readonly text: string }
  | { readonly is: "needs"; readonly what: "root" | "terminal" | "handles" | "address" | "home" }
  | { readonly is: "failed"; readonly text: string };

/** What was seen of one attack on one ground. */
export type Outcome =
  | { readonly is: "escaped"; readonly how: string }
  | { readonly is: "held"; readonly why: string }
  | { readonly is: "unknown"; readonly why: Reason };

/** What was planted outside for one attempt. */
export interface Laid {
  /** All that the program is told, in its environment. */
  readonly words?: Words;
  /** An escape tells it: nothing inside may. */
  readonly secret?: string;
  /** What stands outside afterwards that only an escape can have done. */
  readonly seen?: () => string | undefined | Promise<string | undefined>;
  readonly end?: () => void | PromiseLike<void>;
}

export type Laying = (ground: Ground, outside: Outside) => Laid | Reason | Promise<Laid | Reason>;

export interface Escape {
  readonly id: string;
  readonly program: Program;
  readonly lay: Laying;
}

/** One that takes more than a program: what the driver does for its owner is attacked, or its bounds are. */
export interface Contest {
  readonly id: string;
  readonly run: (ground: Ground, outside: Outside) => Promise<Outcome>;
}

/** The machine around the grounds, with what is planted there. */
export interface Outside {
  /** A folder of ours that anybody may enter, beside the workspaces. */
  readonly folder: string;
  /** The home folder of the user, where programs keep their credentials. */
  readonly userHome: string;
  readonly isRoot: boolean;
  readonly bootId: string;
  /** What the terminal showed so far; undefined: the attacks are made without one. */
  readonly terminal: () => string | undefined;
  /** The secret behind the handles that every child inherits; undefined: there are none. */
  readonly handleSecret: string | undefined;
  /** The secret in the environment of the attacked process. */
  readonly environmentSecret: string;
  /** As an ordinary child, whatever is attacked. */
  readonly ordinarily: (program: Program, words: Words) => Promise<Ran>;
}

export const isReason = (laid: Laid | Reason): laid is Reason => "is" in laid;
