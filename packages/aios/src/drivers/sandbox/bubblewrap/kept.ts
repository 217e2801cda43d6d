import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { SandboxSpec } from "../../../kernel/ports.ts";

const text = z.string();
const limit = z.number().optional();
const keptSchema = z.object({
  id: text,
  tenant: text.transform(asTenantId),
  workspace: text.optional(),
  workspaceAt: text.optional(),
  guarded: z.array(text).optional(),
  views: z.array(z.object({ from: text, at: text })).optional(),
  hidden: z.array(text).optional(),
  egress: text.optional(),
  forwards: z.array(z.object({ port: z.number(), socket: text })).optional(),
  limits: z
    .object({
      memoryBytes: limit,
      processes: limit,
      openFiles: limit,
      fileBytes: limit,
      outputBytes: limit,
      wallMs: limit,
    })
    .optional(),
  uid: z.number(),
  gid: z.number(),
  isRoots: z.boolean(),
  nonce: text,
});

/** A sandbox as its folder keeps it. */
export interface Kept extends SandboxSpec {
  /** Whose processes they are, outside. */
  readonly uid: number;
  readonly gid: number;
  /** The workspace is root's: mounted so that it is theirs inside. */
  readonly isRoots: boolean;
  /** No other sandbox has it, one with the same id neither. */
  readonly nonce: string;
}

export const isSandboxId = (name: string): boolean => /^[a-z0-9]{1,32}$/.test(name);

const recordName = "sandbox.json";

/** Whole or not at all, and only then is the sandbox there. */
export function keep(folder: string, kept: Kept): void {
  const beside = join(folder, ".sandbox.json");
  writeFileSync(beside, JSON.stringify(kept), { mode: 0o600 });
  renameSync(beside, join(folder, recordName));
}

/** Undefined: there is none, or its making was cut short. */
export function readKept(folder: string): Kept | undefined {
  let written: string;
  try {
    written = readFileSync(join(folder, recordName), "utf8");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code))) return undefined;
    throw cause;
  }
  try {
    return keptSchema.parse(JSON.parse(written));
  } catch {
    // Cut short by a crash of the machine: what is unreadable was never handed to anybody as whole.
    return undefined;
  }
}

/** Who may use a sandbox: a kernel, of one that was made once. The id may have been given again since. */
export interface Lease {
  /** Of the kernel. */
  readonly generation: number;
  /** Of the sandbox: in its record. */
  readonly nonce: string;
}

const nameOf = ({ generation, nonce }: Lease): string => `lease-${generation}-${nonce}`;

/** Of several kernels over one folder the newest generation has the sandbox, from the moment that its file is there. */
export function takeLease(folder: string, lease: Lease): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(join(folder, nameOf(lease)), "w", 0o600));
}

/** @throws SysError ESTALE a newer kernel has taken it over, or it was deleted. */
export function holdLease(folder: string, { generation, nonce }: Lease): void {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new SysError("ESTALE", "the sandbox was deleted", { cause });
  }
  const generations = names.flatMap((name) => {
    const [, number, of] = /^lease-(\d+)-(.+)$/.exec(name) ?? [];
    return of === nonce ? [Number(number)] : [];
  });
  const newest = Math.max(-1, ...generations);
  if (newest > generation) {
    throw new SysError("ESTALE", `a newer kernel (generation ${newest}) has taken this sandbox over`, {
      hint: `this one is of generation ${generation}: end it`,
    });
  }
  if (newest < generation) throw new SysError("ESTALE", "the sandbox was deleted");
}
