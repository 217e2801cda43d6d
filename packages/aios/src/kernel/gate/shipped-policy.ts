import { accessPolicySchema } from "@aiosjs/sdk/protocol";
import type { AccessPolicy, Effect, ToolAccess } from "@aiosjs/sdk/protocol";

// Results of syscalls bear the labels of what they hold: by themselves they change nothing.
const returns = { trust: "kernel" } as const;
const reads = { effect: "read", gate: "L0", returns } as const;
const writes = { effect: "write", gate: "L1", returns } as const;
const executes = { effect: "exec", gate: "L1", returns } as const;

/** Holds where the home has no policy, and of syscalls that its policy does not name. */
export const shippedPolicy: AccessPolicy = accessPolicySchema.parse({
  version: 1,
  defaults: { effect: "declared", unlabelled: "untrusted" },
  tools: {
    "llm.*": reads,
    "proc.*": reads,
    "proc.spawn": executes,
    "proc.fork": executes,
    "proc.restart": executes,
    "proc.restore": executes,
    "proc.import": writes,
    "proc.rollback": writes,
    "proc.send": writes,
    "proc.signal": writes,
    "proc.limits": writes,
    "proc.nice": writes,
    "cron.*": executes,
    "pipe.*": writes,
    "topic.*": writes,
    "value.*": writes,
    "mem.*": writes,
    "fs.*": writes,
    "fs.read": reads,
    // A link that anybody may follow who has it.
    "fs.share": { ...writes, effect: "sink", gate: "L2" },
    // A sentence that becomes a plan of changes.
    "fs.do": { ...writes, gateIfTainted: "L2" },
    "group.*": writes,
    "call.*": reads,
    "call.cancel": writes,
    "approval.*": writes,
    "key.*": writes,
    "budget.*": writes,
    "policy.*": reads,
    "audit.*": reads,
    "sys.*": writes,
    "tool.*": reads,
    // The kernel's own tools: what they do in files they do by syscalls, which are judged by themselves.
    calculator: reads,
    date: reads,
    json_query: reads,
    file_read: reads,
    file_list: reads,
    file_write: writes,
    file_remove: writes,
  },
  rules: [{ forbid: { when: "context.private && context.untrusted && call.effect in [sink]", unless: "approved" } }],
});

/** Of a tool that says nothing but whether it may be made again. A program that brings tools is trusted to have chosen them. */
export const declaredAs = (effect: Effect): ToolAccess => declarations[effect];

const declarations: Readonly<Record<Effect, ToolAccess>> = {
  pure: { effect: "read", gate: "L0", irreversible: false },
  idempotent: { effect: "write", gate: "L1", irreversible: false },
  unsafe: { effect: "write", gate: "L1", irreversible: false },
};
