import type { SandboxLimits } from "../../../kernel/ports.ts";

const mebibyte = 1024 * 1024;

/** What a sandbox has where its spec says nothing. */
const defaults = {
  /** Enough for Node and for a compiler. */
  memoryBytes: 2048 * mebibyte,
  processes: 256,
  openFiles: 1024,
  fileBytes: 1024 * mebibyte,
  outputBytes: 8 * mebibyte,
  wallMs: 600_000,
} as const;

export type Bounds = { readonly [Name in keyof typeof defaults]: number };

export const boundsOf = (limits: SandboxLimits | undefined): Bounds => {
  const given = Object.entries(limits ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
};

/** A command may have less than its sandbox, never more. */
export const tighter = (bound: number, asked: number | undefined): number => Math.min(bound, asked ?? bound);
