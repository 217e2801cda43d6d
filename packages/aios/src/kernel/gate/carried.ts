import type { Labels, SyscallName } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import type { Parts } from "../parts.ts";
import type { Process } from "../process.ts";
import { join, labelOf, neutral } from "./label.ts";
import type { Label } from "./label.ts";

/**
 * What a syscall's result tells of: `nothing` but the kernel's own words; `itself` what its device has said of it while it
 * worked (`CallRecord.see`); `labelled` things that bear their labels in the result; `tree` the caller and all below it; `tenant` any of its processes.
 */
type Carried = "nothing" | "itself" | "labelled" | "tree" | "tenant";

/** Of every syscall: a new one has to say it. */
const carried: Readonly<Record<SyscallName, Carried>> = {
  "llm.chat": "itself",
  "llm.embed": "nothing",
  "llm.count": "nothing",
  "llm.recall": "tree",
  "llm.forget": "nothing",
  "llm.models": "nothing",
  "llm.lanes": "nothing",
  "llm.route": "nothing",
  "llm.rate": "nothing",
  "llm.usage": "nothing",
  "llm.history": "tenant",
  "proc.spawn": "nothing",
  "proc.bind": "nothing",
  "proc.restart": "nothing",
  "proc.exit": "nothing",
  "proc.list": "tree",
  "proc.show": "tree",
  "proc.signal": "nothing",
  "proc.nice": "tree",
  "proc.limits": "tree",
  "proc.compact": "nothing",
  "proc.plan": "nothing",
  "proc.wait": "itself",
  "proc.logs": "itself",
  "proc.rollback": "nothing",
  "proc.fork": "nothing",
  "proc.snapshot": "tree",
  "proc.import": "nothing",
  "proc.restore": "nothing",
  "proc.replay": "tree",
  "proc.trace": "tree",
  "proc.history": "tree",
  "proc.debug": "tree",
  "proc.release": "nothing",
  "cron.add": "nothing",
  "cron.list": "tenant",
  "cron.remove": "nothing",
  "cron.run": "nothing",
  "proc.send": "nothing",
  "proc.receive": "itself",
  "proc.sleep": "itself",
  "proc.wake": "nothing",
  "proc.now": "nothing",
  "proc.random": "nothing",
  "proc.uuid": "nothing",
  "pipe.open": "nothing",
  "pipe.write": "nothing",
  "pipe.read": "itself",
  "pipe.close": "nothing",
  "topic.publish": "nothing",
  "topic.subscribe": "nothing",
  "topic.read": "labelled",
  "topic.ack": "nothing",
  "topic.nack": "nothing",
  "topic.unsubscribe": "nothing",
  "topic.list": "tenant",
  "topic.peek": "labelled",
  "fs.do": "labelled",
  "fs.mount": "nothing",
  "fs.unmount": "nothing",
  "fs.reindex": "nothing",
  "fs.indexing": "nothing",
  "fs.mounts": "nothing",
  "fs.read": "labelled",
  "fs.write": "nothing",
  "fs.append": "nothing",
  "fs.mkdir": "nothing",
  "fs.list": "itself",
  "fs.stat": "labelled",
  "fs.move": "nothing",
  "fs.copy": "nothing",
  "fs.remove": "nothing",
  "fs.restore": "nothing",
  "fs.history": "labelled",
  "fs.diff": "labelled",
  "fs.search": "labelled",
  "fs.share": "nothing",
  "fs.unshare": "nothing",
  "fs.shares": "tenant",
  "fs.watch": "labelled",
  "fs.usage": "tenant",
  "fs.verify": "tenant",
  "fs.rollback": "nothing",
  "mem.add": "itself",
  "mem.get": "labelled",
  "mem.update": "nothing",
  "mem.remove": "nothing",
  "mem.search": "labelled",
  "mem.link": "nothing",
  "mem.unlink": "nothing",
  "mem.graph": "labelled",
  "mem.history": "labelled",
  "mem.export": "labelled",
  "mem.import": "nothing",
  "mem.consolidate": "labelled",
  "mem.forget": "nothing",
  "mem.usage": "nothing",
  "mem.verify": "nothing",
  "tool.list": "nothing",
  "tool.call": "itself",
  "sandbox.create": "nothing",
  "sandbox.exec": "itself",
  "sandbox.list": "nothing",
  "sandbox.remove": "nothing",
  "value.put": "nothing",
  "value.get": "itself",
  "value.list": "itself",
  "value.remove": "nothing",
  "approval.list": "tenant",
  "approval.show": "tenant",
  "audit.verify": "nothing",
  "policy.show": "nothing",
  "policy.explain": "tenant",
  "approval.answer": "nothing",
  "approval.break": "nothing",
  "group.create": "nothing",
  "group.add": "nothing",
  "group.remove": "nothing",
  "group.share": "nothing",
  "group.list": "nothing",
  "group.delete": "nothing",
  "call.show": "tree",
  "call.cancel": "nothing",
  "key.create": "nothing",
  "key.list": "nothing",
  "key.revoke": "nothing",
  "budget.show": "nothing",
  "budget.set": "nothing",
  "sys.status": "nothing",
  "sys.refresh": "nothing",
  "sys.shutdown": "nothing",
};

/** Of the result, beside what the call has said itself. */
export function carriedBy(
  { name, process }: CallRecord,
  result: unknown,
  { processes }: Pick<Parts, "processes">,
): Label {
  switch (carried[name as SyscallName]) {
    case "nothing":
    case "itself":
      return neutral;
    case "labelled":
      return labelsIn(result);
    case "tree":
      return seenBy(process.tree());
    case "tenant":
      return seenBy([...processes].filter(({ tenant }) => tenant === process.tenant));
  }
}

function seenBy(all: Iterable<Process>): Label {
  let seen = neutral;
  for (const one of all) seen = join(seen, one.seen);
  return seen;
}

/** Of all that bears labels, however deep it lies. */
function labelsIn(value: unknown, depth = 0): Label {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return neutral;
  let all = neutral;
  for (const [name, one] of Object.entries(value))
    all = join(all, name === "labels" ? labelOf(one as Labels) : labelsIn(one, depth + 1));
  return all;
}

/** Deeper than any result of the table lies what bears labels. */
const MAX_DEPTH = 8;
