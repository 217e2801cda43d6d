import type { TenantId } from "@aiosjs/sdk/protocol";
import type { NotePlace, NoteUsage } from "../../kernel/ports.ts";

/** What of a note counts. */
export interface CountedNote {
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly bytes: number;
  readonly isPinned: boolean;
  readonly isEvicted: boolean;
  readonly isRemoved: boolean;
}

type Sums = { -readonly [Name in keyof NoteUsage]: NoteUsage[Name] };

const noUsage: NoteUsage = { notes: 0, bytes: 0, pinnedNotes: 0, pinnedBytes: 0, evictedNotes: 0 };

/** What changes of notes come to, for their namespaces, their tenants, and all together. */
export class NoteTally {
  #sums = new Map<string, [place: NotePlace, sums: Sums]>();

  change(before: CountedNote | undefined, after: CountedNote | undefined): void {
    if (before) this.#add(before, -1);
    if (after) this.#add(after, 1);
  }

  of(place: NotePlace): NoteUsage {
    return { ...(this.#sums.get(nameOf(place))?.[1] ?? noUsage) };
  }

  /** What it comes to since it was taken last. */
  take(): readonly (readonly [NotePlace, NoteUsage])[] {
    const taken = [...this.#sums.values()];
    this.#sums = new Map();
    return taken;
  }

  #add({ tenant, namespace, bytes, isPinned, isEvicted, isRemoved }: CountedNote, sign: 1 | -1): void {
    if (isRemoved) return;
    for (const place of [{}, { tenant }, { tenant, namespace }] as NotePlace[]) {
      const sums = this.#sumsOf(place);
      if (isEvicted) {
        sums.evictedNotes += sign;
        continue;
      }
      sums.notes += sign;
      sums.bytes += sign * bytes;
      if (!isPinned) continue;
      sums.pinnedNotes += sign;
      sums.pinnedBytes += sign * bytes;
    }
  }

  #sumsOf(place: NotePlace): Sums {
    const name = nameOf(place);
    const known = this.#sums.get(name);
    if (known) return known[1];
    const sums = { ...noUsage };
    this.#sums.set(name, [place, sums]);
    return sums;
  }
}

const nameOf = ({ tenant, namespace }: NotePlace): string => JSON.stringify([tenant, namespace]);
