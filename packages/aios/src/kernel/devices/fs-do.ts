import { canonicalJson, isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ChatResult, FileStep, ResultOf } from "@aiosjs/sdk/protocol";
import { undoOf } from "../file-undo.ts";
import type { FileCall } from "../file-writing.ts";
import { intend, nestedOnce } from "../nested-once.ts";
import type { Ask } from "../note-building.ts";
import type { FilePlan } from "../ports.ts";
import type { Handler, KernelCall } from "./device.ts";

/** Whoever asks waits for the model that plans; behind it the documented forms do. */
const PLAN_MS = 60_000;

type Result = ResultOf<"fs.do">;
type Outcome = Result["outcomes"][number];
type Plan = Omit<FilePlan, "by"> & { readonly by: Result["by"] };

/**
 * A request is planned, and its steps are made as calls of the same caller, one after the other. Each of them is made once,
 * also if the kernel dies in between: whoever asks again is told of those on record, and the rest is done.
 */
export const doFiles: Handler<"fs.do"> = async (args, kernelCall) => {
  const call = withFiles(kernelCall);
  const { request, steps: brought, approval, isPlanOnly } = args;
  if ((request === undefined) === (brought === undefined) || (approval !== undefined && brought === undefined))
    throw new SysError("EINVAL", "fs.do takes a request, or the steps of an earlier answer with their approval", {
      hint: "give one of request and steps",
    });
  intend(call);
  const plan: Plan =
    request === undefined ? { steps: brought as FileStep[], by: "caller" } : await planOf(request, call);
  const steps = [...plan.steps];
  const approved = approvalOf(steps, call);
  if (brought && approval !== approved)
    throw new SysError("EACCES", "these are not the steps that were shown, or not to this process", {
      hint: "send them as they were answered, with the approval of that answer",
    });
  const waits = !brought && steps.some(({ needsAsking }) => needsAsking);
  if (steps.length === 0) return { ...plan, steps, outcomes: [] };
  if (waits || isPlanOnly) return { ...plan, steps, approval: approved, outcomes: [] };
  const { outcomes, undo } = await run(steps, call);
  return {
    ...plan,
    steps,
    outcomes,
    ...(undo.length > 0 && { undo: { steps: undo, approval: approvalOf(undo, call) } }),
  };
};

async function planOf(request: string, call: FileCall): Promise<FilePlan> {
  const { planFiles } = call.parts;
  if (!planFiles) throw new SysError("ENODEV", "this kernel does not understand requests about files");
  const ask: Ask = async (question) => {
    const made = { name: "llm.chat", args: question, key: "plan", deadlineMs: PLAN_MS };
    const { message, isSimulated } = (await nestedOnce(call, made)).result as ChatResult;
    if (isSimulated) throw new SysError("ENODEV", "none but a simulated model answers here");
    const { content } = message;
    return typeof content === "string" ? content : (content ?? []).map((part) => part.text).join("");
  };
  return planFiles(request, { nowMs: call.record.issuedAtMs, ask, listing: await listingOf(call) });
}

/** What stands in the caller's own folder, where it may look. */
async function listingOf(call: FileCall): Promise<{ path: string; kind: "file" | "folder" | "other" }[]> {
  try {
    const { result } = await nestedOnce(call, { name: "fs.list", args: { path: "." }, key: "list" });
    return (result as ResultOf<"fs.list">).entries.map(({ name: path, kind }) => ({ path, kind }));
  } catch (cause) {
    if (isSysError(cause) && !call.record.cancelled) return [];
    throw cause;
  }
}

/** Says which steps a caller was shown. */
const approvalOf = (steps: readonly FileStep[], { record, parts }: KernelCall): string =>
  parts.hash.sha256(canonicalJson(["fs.do", record.process.tenant, record.process.pid, steps]));

async function run(steps: readonly FileStep[], call: FileCall): Promise<{ outcomes: Outcome[]; undo: FileStep[] }> {
  const outcomes: Outcome[] = [];
  const undo: FileStep[][] = [];
  for (const [index, step] of steps.entries())
    try {
      const made = await nestedOnce(call, { name: step.call, args: step.args, key: String(index) });
      outcomes.push({ is: "done", result: made.result });
      undo.push(await undoOf(step, made.call, call));
    } catch (cause) {
      if (!isSysError(cause) || call.record.cancelled) throw cause;
      const { code, message, hint } = cause;
      outcomes.push({ is: "failed", error: { code, message, ...(hint !== undefined && { hint }) } });
      break;
    }
  const left = steps.slice(outcomes.length).map(() => ({ is: "left" as const }));
  return { outcomes: [...outcomes, ...left], undo: undo.toReversed().flat() };
}

/** @throws SysError ENODEV where the kernel keeps no files */
function withFiles(call: KernelCall): FileCall {
  const { files } = call.parts;
  if (!files) throw new SysError("ENODEV", "this kernel keeps no files");
  return { ...call, files };
}
