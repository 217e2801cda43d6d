import type { ParsedArgsOf, ResultOf, SyscallName } from "@aiosjs/sdk/protocol";
import type { NestedCall } from "../call-flow.ts";
import type { CallRecord } from "../call-record.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Parts } from "../parts.ts";
import type { Principal } from "../ports.ts";
import type { Asked } from "../urgency.ts";

/** What a syscall that the kernel answers itself works with. */
export interface KernelCall {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
  readonly record: CallRecord;
  readonly principal: Principal;
  /** How urgent the call says it is. */
  readonly asked: Asked;
  /** Aborts when the call is cancelled. */
  readonly signal: AbortSignal;
  /** Records of calls under way or just ended. */
  readonly findCall: (id: string) => CallRecord | undefined;
  /** Makes a call on behalf of this one. @throws SysError as it failed. */
  readonly nested: (name: SyscallName, args: unknown, quality?: Omit<NestedCall, "name" | "args">) => Promise<unknown>;
  readonly refresh: () => Promise<{ changed: string[]; needRestart: string[] }>;
  readonly shutdown: () => void;
  readonly startedAtMs: number;
}

export type Handler<Name extends SyscallName> = (
  args: ParsedArgsOf<Name>,
  call: KernelCall,
) => ResultOf<Name> | Promise<ResultOf<Name>>;

/** A device that the kernel itself is. */
export type KernelDevice<Names extends SyscallName> = { readonly [Name in Names]: Handler<Name> };
