import { SysError } from "@aiosjs/sdk/protocol";
import { sandboxRank } from "../gate/gates.ts";
import { from } from "../gate/label.ts";
import type { IsolationTier, SandboxEvent } from "../ports.ts";
import { printedOutput } from "../sandbox-output.ts";
import type { Held, Sandboxes } from "../sandboxes.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

/** Commands in sandboxes. */
export const sandboxDevice: KernelDevice<`sandbox.${"create" | "exec" | "list" | "remove"}`> = {
  "sandbox.create": async ({ tier, name, ...limits }, call) => {
    const { held, sandbox } = await sandboxesOf(call).make(call.record, {
      tier: strongest(tier, leastTier(call)),
      name,
      limits,
      isFresh: false,
    });
    const { id, driver, hasEgress } = held;
    return { sandbox: id, driver, tier: held.tier, home: sandbox.home, hasEgress };
  },

  "sandbox.exec": async (args, call) => {
    const { record, signal, parts } = call;
    const { argv, input, folder, environment, outputBytes, wallMs } = args;
    const all = sandboxesOf(call);
    const { held, sandbox } = await sandboxFor(args, call);
    // What it prints is told at once, and may be acted upon before the call has ended.
    const verdict = parts.gate.verdictOf(record);
    if (verdict && record.process.sees(from(verdict.returns, record.call)))
      parts.outbox.note({ kind: "process", row: record.process.row() });
    const limits = { outputBytes, wallMs };
    try {
      return await all.during(held, async () => {
        const output = printedOutput(call);
        let end: Extract<SandboxEvent, { type: "ended" }> | undefined;
        for await (const event of sandbox.exec({ argv, input, folder, environment, limits, signal }))
          if (event.type === "output") output.add(event);
          else end = event;
        if (!end) throw new SysError("EIO", `sandbox ${held.id} did not tell how the command ended`);
        const { code, exceeded, droppedBytes } = end;
        const bounds = exceeded === undefined ? {} : { exceeded };
        const { stdout, stderr } = output.close();
        const { driver, tier } = held;
        return { code, signal: end.signal, ...bounds, stdout, stderr, droppedBytes, driver, tier };
      });
    } finally {
      if (held.isFresh) await all.remove(held);
    }
  },

  "sandbox.list": (_args, call) => ({
    sandboxes: sandboxesOf(call)
      .seenBy(call.record.process)
      .map(({ id, name, pid, driver, tier, commands, hasEgress, isFresh, atMs }) => ({
        sandbox: id,
        name,
        pid,
        driver,
        tier,
        commands,
        hasEgress,
        isFresh,
        createdAt: atMs,
      })),
  }),

  "sandbox.remove": async ({ sandbox }, call) => {
    const all = sandboxesOf(call);
    await all.remove(all.find(sandbox, call.record.process));
    return {};
  },
};

function sandboxesOf({ parts }: KernelCall): Sandboxes {
  if (parts.sandboxes) return parts.sandboxes;
  throw new SysError("ENOSYS", "this kernel has no sandboxes", { hint: "aios config explain sandbox.driver" });
}

/** What the policy wants at least. What runs commands of the machine is never below `process`. */
const leastTier = ({ parts }: KernelCall): IsolationTier =>
  parts.gate.policy.rowOf({ name: "sandbox.exec", declared: undefined }).sandbox ?? "process";

async function sandboxFor(
  args: Parameters<(typeof sandboxDevice)["sandbox.exec"]>[0],
  call: KernelCall,
): Promise<{ held: Held; sandbox: Awaited<ReturnType<Sandboxes["enter"]>> }> {
  const all = sandboxesOf(call);
  const { memoryBytes, processes, openFiles, fileBytes, wallMs, tier, sandbox: id } = args;
  const limits = { memoryBytes, processes, openFiles, fileBytes };
  const least = leastTier(call);
  if (id === undefined)
    return all.make(call.record, {
      tier: strongest(tier ?? "process", least),
      limits: { ...limits, wallMs },
      isFresh: true,
    });
  if (tier !== undefined || Object.values(limits).some((limit) => limit !== undefined))
    throw new SysError("EINVAL", "tier and limits are those of the sandbox, and it is there already", {
      hint: "leave them out, or make another sandbox with them (sandbox.create)",
    });
  const held = all.find(id, call.record.process);
  if (!isEnough(held.tier, least))
    throw new SysError("EPOLICY", `the policy wants the ${least} tier at least, and sandbox ${id} is ${held.tier}`, {
      hint: "make another (sandbox.create); `aios policy show` has the row sandbox.exec",
    });
  return { held, sandbox: await all.enter(held, call.record.process) };
}

/** wasm runs no commands of the machine, and reaches nothing of it: it is enough where a process would be. */
const isEnough = (tier: IsolationTier, least: IsolationTier): boolean =>
  sandboxRank(tier) >= sandboxRank(least) || (tier === "wasm" && sandboxRank(least) <= sandboxRank("process"));

const strongest = (wanted: IsolationTier, least: IsolationTier): IsolationTier =>
  isEnough(wanted, least) ? wanted : least;
