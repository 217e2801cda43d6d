import type { z } from "zod";
import { approvalSyscalls } from "./approval.ts";
import { auditSyscalls } from "./audit.ts";
import { cronSyscalls } from "./cron.ts";
import { debugSyscalls } from "./debug.ts";
import { fsSyscalls } from "./fs.ts";
import { groupSyscalls } from "./group.ts";
import { mailSyscalls, pipeSyscalls, topicSyscalls } from "./ipc.ts";
import { llmSyscalls } from "./llm.ts";
import { llmRoutingSyscalls } from "./llm-routing.ts";
import { memSyscalls } from "./mem.ts";
import { policySyscalls } from "./policy.ts";
import { procSyscalls } from "./proc.ts";
import { procStateSyscalls } from "./proc-state.ts";
import { sandboxSyscalls } from "./sandbox.ts";
import type { SyscallSpec } from "./spec.ts";
import { budgetSyscalls, callSyscalls, keySyscalls, sysSyscalls } from "./sys.ts";
import { toolSyscalls } from "./tool.ts";
import { valueSyscalls } from "./value.ts";
import { traceSyscalls } from "./trace.ts";

/** THE TABLE: every syscall there is. */
export const syscallTable = {
  ...llmSyscalls,
  ...llmRoutingSyscalls,
  ...procSyscalls,
  ...procStateSyscalls,
  ...traceSyscalls,
  ...debugSyscalls,
  ...cronSyscalls,
  ...mailSyscalls,
  ...pipeSyscalls,
  ...topicSyscalls,
  ...fsSyscalls,
  ...memSyscalls,
  ...toolSyscalls,
  ...sandboxSyscalls,
  ...valueSyscalls,
  ...approvalSyscalls,
  ...auditSyscalls,
  ...groupSyscalls,
  ...policySyscalls,
  ...callSyscalls,
  ...keySyscalls,
  ...budgetSyscalls,
  ...sysSyscalls,
} as const satisfies Record<`${string}.${string}`, SyscallSpec>;

export type SyscallName = keyof typeof syscallTable;
/** What a caller passes. */
export type ArgsOf<Name extends SyscallName> = z.input<(typeof syscallTable)[Name]["args"]>;
/** What the kernel works with, defaults filled in. */
export type ParsedArgsOf<Name extends SyscallName> = z.output<(typeof syscallTable)[Name]["args"]>;
export type ResultOf<Name extends SyscallName> = z.output<(typeof syscallTable)[Name]["result"]>;

export const isSyscallName = (name: string): name is SyscallName => Object.hasOwn(syscallTable, name);
export const specOf = (name: SyscallName): SyscallSpec => syscallTable[name];
