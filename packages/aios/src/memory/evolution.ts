import type { Labels, Note, NoteLink } from "@aiosjs/sdk/protocol";

/** A note that stands near another. */
export interface Neighbour {
  readonly note: Note;
  /** 0 to 1, as whoever searched measures it. */
  readonly similarity: number;
}

/** What an earlier note is understood to be now. Its content is not among it: nothing evolves what was said. */
export interface NoteUpdate {
  readonly id: string;
  /** In place of the earlier one. */
  readonly context?: string;
  /** Beside the earlier ones. */
  readonly keywords?: readonly string[];
  readonly tags?: readonly string[];
}

/** What a new note means for the notes near it, and they for it. */
export interface Evolution {
  /** The new note's id. */
  readonly of: string;
  /** From the new note to its neighbours; no id twice. */
  readonly links: readonly NoteLink[];
  /** Links between two neighbours that stand already, and are stronger now. */
  readonly strengthened: readonly { readonly from: string; readonly to: string; readonly strength: number }[];
  readonly updates: readonly NoteUpdate[];
  readonly by: "model" | "extraction";
  /** Why no model decided it. */
  readonly why?: string;
  /** The join of all that whoever decided it saw. */
  readonly labels: Labels;
}
