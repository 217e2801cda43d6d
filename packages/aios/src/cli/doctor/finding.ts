import type { CommandContext } from "../context.ts";

/** One thing that was looked at. `note` is worth knowing and breaks nothing. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "broken";
  readonly text: string;
  readonly fix?: string;
}

export type DoctorContext = Pick<CommandContext, "t" | "home" | "env" | "signal" | "config" | "cwd">;
