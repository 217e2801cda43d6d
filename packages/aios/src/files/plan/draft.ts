import type { Verb } from "./form.ts";

/** What was understood of a step, before it is a call: as it was said, whoever understood it. */
export interface Draft {
  readonly verb: Verb;
  readonly path?: string;
  /** To move, copy or rename to. */
  readonly to?: string;
  /** `to` is a folder to go into. */
  readonly isInto?: boolean;
  /** A folder with all that is in it. */
  readonly isTree?: boolean;
  readonly content?: string;
  readonly version?: number;
  readonly toVersion?: number;
  /** How many changes to take back. */
  readonly back?: number;
  readonly atMs?: number;
  readonly forMs?: number;
  readonly query?: string;
  readonly name?: string;
}

/**
 * Why nothing was planned: no documented form (`words`), a quotation that does not end (`quote`), a path that leads outside or
 * is none (`path`), words that do not say which file (`which`), a time or a length of time that is none (`time`), more steps
 * than are taken at once (`many`), all of somebody's files at once (`whole`).
 */
export interface Unclear {
  readonly is: "words" | "quote" | "path" | "which" | "time" | "many" | "whole";
  /** The words of the request. */
  readonly what: string;
  /** The documented form that is nearest, or one to look for the file by. */
  readonly hint: string;
}

/** What stands where the request is made. */
export interface Listed {
  readonly path: string;
  readonly kind: "file" | "folder" | "other";
}
