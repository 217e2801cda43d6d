import { accessPolicySchema } from "@aiosjs/sdk/protocol";
import type { AccessPolicy, Effect, ToolAccess } from "@aiosjs/sdk/protocol";
import { isAbout, namesSyscalls } from "./name-pattern.ts";

// Results of syscalls bear the labels of what they hold: by themselves they change nothing.
const returns = { trust: "kernel" } as const;
const device = (name: string, verbs: string): readonly string[] => verbs.split(" ").map((verb) => `${name}.${verb}`);

/** Looks, waits, thinks, or tells of itself. */
const reading = [
  "llm.*",
  "policy.*",
  "audit.*",
  ...device(
    "proc",
    "bind exit list show plan compact wait logs now random uuid sleep receive snapshot replay trace history debug",
  ),
  ...device("fs", "read list stat history diff search shares watch usage verify mounts indexing"),
  ...device("mem", "get search graph history export usage verify"),
  ...device("topic", "subscribe read ack nack unsubscribe list peek"),
  ...device("value", "get list"),
  ...device("group", "list"),
  ...device("tool", "list call"),
  ...device("sandbox", "list"),
  ...device("call", "show"),
  ...device("approval", "list show"),
  ...device("key", "list"),
  ...device("budget", "show"),
  ...device("cron", "list"),
  ...device("sys", "status"),
  "pipe.read",
  // The kernel's own tools: what they do in files they do by syscalls, which are judged by themselves.
  "calculator",
  "date",
  "json_query",
  "file_read",
  "file_list",
];

/** Changes what the kernel keeps, on record. */
const writing = [
  ...device("proc", "send signal wake nice limits import rollback release"),
  ...device("fs", "write append mkdir move copy remove restore unshare rollback mount unmount reindex"),
  ...device("mem", "add update remove link unlink import consolidate forget"),
  ...device("pipe", "open write close"),
  ...device("topic", "publish"),
  ...device("value", "put remove"),
  ...device("sandbox", "remove"),
  ...device("group", "create add remove share delete"),
  ...device("call", "cancel"),
  ...device("approval", "answer break"),
  ...device("key", "create revoke"),
  ...device("budget", "set"),
  ...device("sys", "refresh shutdown"),
  "file_write",
  "file_remove",
];

/** Lets something else run. */
const executing = [
  ...device("proc", "spawn fork restart restore"),
  ...device("cron", "add remove run"),
  ...device("sandbox", "create"),
];

const rowsOf = (names: readonly string[], row: object): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, row]));

/** Holds where the home has no policy, and of syscalls that its policy does not name. */
export const shippedPolicy: AccessPolicy = accessPolicySchema.parse({
  version: 1,
  defaults: { effect: "declared", unlabelled: "untrusted" },
  tools: {
    ...rowsOf(reading, { effect: "read", gate: "L0", returns }),
    ...rowsOf(writing, { effect: "write", gate: "L1", returns }),
    ...rowsOf(executing, { effect: "exec", gate: "L1", returns }),
    // A link that anybody may follow who has it.
    "fs.share": { effect: "sink", gate: "L2", returns },
    // What a command prints is nobody's word. Where it has a way out, the egress of its agent asks for more.
    "sandbox.exec": { effect: "exec", gate: "L1", sandbox: "process", returns: { trust: "untrusted" } },
    // A sentence that becomes a plan of changes.
    "fs.do": { effect: "write", gate: "L1", gateIfTainted: "L2", returns },
  },
  rules: [{ forbid: { when: "context.private && context.untrusted && call.effect in [sink]", unless: "approved" } }],
});

/** Rows that hold of syscalls which a policy does not name. */
export const shippedRows = ({ tools }: AccessPolicy): Readonly<Record<string, ToolAccess>> =>
  Object.fromEntries(
    Object.entries(shippedPolicy.tools).filter(
      ([name]) =>
        namesSyscalls(name) && !Object.keys(tools).some((pattern) => isAbout(pattern, { name, isSyscall: true })),
    ),
  );

/** Of a tool that says nothing but whether it may be made again. A program that brings tools is trusted to have chosen them. */
export const declaredAs = (effect: Effect): ToolAccess => declarations[effect];

const declarations: Readonly<Record<Effect, ToolAccess>> = {
  pure: { effect: "read", gate: "L0", irreversible: false },
  idempotent: { effect: "write", gate: "L1", irreversible: false },
  unsafe: { effect: "write", gate: "L1", irreversible: false },
};
