import type { Foreign } from "@aiosjs/sdk/protocol";
import { isDeepStrictEqual } from "node:util";

/** A member without which an answer means the same, and why. */
interface Hint {
  readonly why: string;
  /** The one value that is a hint; absent: any is. */
  readonly only?: unknown;
}

/** A dialect's hints by name, wherever they stand. */
export type HintTable = Readonly<Record<string, Hint>>;

/** What is said beyond the form, for the object that it was said on; nothing where nothing is. */
export function carriedOf(
  { dialect, hints: table }: { dialect: string; hints: HintTable },
  members: Readonly<Record<string, unknown>>,
): { foreign?: Foreign } {
  const names = Object.keys(members);
  if (names.length === 0) return {};
  const hints = names.filter((name) => isHint(table, name, members[name]));
  return { foreign: { dialect, members: { ...members }, ...(hints.length > 0 ? { hints } : {}) } };
}

function isHint(table: HintTable, name: string, value: unknown): boolean {
  const hint = Object.hasOwn(table, name) ? table[name] : undefined;
  return hint !== undefined && (hint.only === undefined || isDeepStrictEqual(value, hint.only));
}
