import { isSysError, noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, Usage } from "@aiosjs/sdk/protocol";
import type { Token } from "node-llama-cpp";
import type { DriverContext, DriverEvent } from "../../../kernel/ports.ts";
import { sliceTokens } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { Grammars } from "./grammars.ts";
import { preparePrompt } from "./prompt.ts";
import { Reader } from "./reader.ts";
import { evaluateOptions, samplingOf } from "./sampling.ts";
import type { Slots, Slot } from "./slots.ts";
import { LlamaSnapshot } from "./snapshot.ts";
import type { Progress } from "./snapshot.ts";
import type { Template } from "./template.ts";

/** A loaded model and what calls on it share. */
export interface Machine {
  readonly core: string;
  readonly engine: Engine;
  readonly template: Template;
  readonly grammars: Grammars;
  readonly slots: Slots;
  readonly isExact: boolean;
  /** For calls that name no seed: 31 bits. */
  readonly drawSeed: () => number;
  /** The library failed: nothing that it holds is to be trusted any more. */
  broke(): void;
}

/** Tokens that come faster than this go together. */
const batchMs = 8;

/** One chat, from its first token or from where its snapshot stands. */
export async function* answer(
  machine: Machine,
  args: ChatArgs,
  context: DriverContext,
): AsyncGenerator<readonly DriverEvent[]> {
  const { core, engine, slots } = machine;
  const { signal, snapshot, model, tenant, pid, call } = context;
  const owner = { tenant, pid };
  const from = ownSnapshot(snapshot, context, core);
  const { tokens, plan, members, leftOut } = await preparePrompt(args, machine);
  const progress: Progress = from?.progress ?? {
    ids: tokens,
    promptTokens: tokens.length,
    sampling: samplingOf(args, members, machine.drawSeed),
    cachedInputTokens: 0,
    wastedTokens: 0,
  };
  const { promptTokens, sampling } = progress;
  const room = engine.contextTokens - 1 - promptTokens;
  if (room < 1)
    throw new SysError(
      "E2BIG",
      `core ${core}: the prompt is ${promptTokens} tokens, its context ${engine.contextTokens}`,
      {
        hint: "shorten the messages, or raise contextTokens",
      },
    );
  const mostTokens = Math.min(args.maxTokens ?? room, room);
  const ids: Token[] = [...progress.ids];
  const reader = await Reader.start({ ...machine, plan, idPrefix: call });
  const steps = await readAgain(reader, ids.slice(promptTokens));
  // What was read again has been told.
  if (steps.length > 0) reader.deltas();
  if (!from && leftOut.length > 0) yield [{ type: "request.adapted", leftOut: [...leftOut] }];

  let slot: Slot | undefined;
  try {
    throwIfCancelled(signal, core);
    const lease = await slots.take(ids, { owner, parked: from?.parked });
    slot = lease.slot;
    const { sequence } = slot;
    const known = lease.cachedTokens;
    let at = known;
    const cachedInputTokens = from ? progress.cachedInputTokens : known;
    const wastedTokens = progress.wastedTokens + (from ? Math.max(0, from.parked.tokens - known) : 0);
    const rank = (): number => context.rank?.() ?? 0;
    const before = ids.length;
    let toldAtMs = -Infinity;
    const snapshotNow = (held: Slot): LlamaSnapshot => {
      slot = undefined;
      const parked = slots.park(held, owner);
      const now = { ids, promptTokens, sampling, cachedInputTokens, wastedTokens };
      return new LlamaSnapshot(now, { parked, discard: () => slots.discard(parked) });
    };
    const isQuantumSpent = (): boolean =>
      context.quantumTokens !== undefined && ids.length - before >= context.quantumTokens;

    for (;;) {
      const ends = stepEnds({
        at,
        promptTokens,
        steps,
        total: ids.length,
        isByStep: machine.isExact || from !== undefined,
      });
      for (const end of ends.slice(0, -1)) {
        await engine.prefill(sequence, ids.slice(at, end), rank());
        at = end;
        throwIfCancelled(signal, core);
        if (context.preempt?.aborted) {
          yield [{ type: "preempted", snapshot: snapshotNow(slot) }];
          return;
        }
      }
      const options = evaluateOptions(sampling, ids.slice(promptTokens), ids.length);
      const { grammar } = reader;
      const token = await engine.sample(sequence, ids.slice(at), {
        ...options,
        ...(grammar ? { grammarEvaluationState: grammar } : {}),
        rank: rank(),
      });
      at = ids.length;
      throwIfCancelled(signal, core);
      const forced = await reader.take(token);
      ids.push(token, ...forced);
      steps.push(1 + forced.length);
      if (ids.length - promptTokens >= mostTokens) reader.cut();
      const isLast = reader.isOver;
      const nowMs = performance.now();
      const mustStop = !isLast && (isQuantumSpent() || context.preempt?.aborted === true);
      if (args.stream === true && (isLast || mustStop || nowMs - toldAtMs >= batchMs)) {
        const deltas = reader.deltas();
        if (deltas.length > 0) {
          toldAtMs = nowMs;
          yield deltas;
          throwIfCancelled(signal, core);
        }
      }
      if (isLast) break;
      if (mustStop) {
        yield [{ type: "preempted", snapshot: snapshotNow(slot) }];
        return;
      }
    }
    const usage: Usage = {
      ...noUsage,
      inputTokens: promptTokens,
      cachedInputTokens,
      outputTokens: ids.length - promptTokens,
      reasoningTokens: reader.reasoningTokens,
      wastedTokens,
    };
    const result: ChatResult = {
      message: reader.message(),
      finishReason: reader.finishReason,
      model: `${core}/${model}`,
    };
    yield [{ type: "result", result, usage }];
  } catch (cause) {
    if (isSysError(cause)) throw cause;
    throwIfCancelled(signal, core);
    machine.broke();
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SysError("EIO", `core ${core} broke: ${said}`, { cause, hint: "the next call loads the model again" });
  } finally {
    if (slot) slots.release(slot, owner);
  }
}

/** Reads the tokens of an answer that were sampled before. @returns how many came in each step: one, and what it forced. */
async function readAgain(reader: Reader, answered: readonly Token[]): Promise<number[]> {
  const steps: number[] = [];
  for (let at = 0; at < answered.length;) {
    const forced = await reader.takeAgain(answered[at] as Token);
    steps.push(1 + forced.length);
    at += 1 + forced.length;
  }
  return steps;
}

/**
 * Where the steps end in which the tokens from `at` on are computed. `isByStep`: an answer's tokens are computed again in
 * the steps in which they were computed first, as slowly. Sums come out bit by bit the same only for the same step: with
 * slices one call in four said something else later (24 seeded calls on random weights), by steps none.
 */
function stepEnds({
  at,
  promptTokens,
  steps,
  total,
  isByStep,
}: {
  at: number;
  promptTokens: number;
  steps: readonly number[];
  total: number;
  isByStep: boolean;
}): number[] {
  const ends: number[] = [];
  const sliced = isByStep ? promptTokens : total;
  for (let end = at + sliceTokens; end < sliced; end += sliceTokens) ends.push(end);
  if (!isByStep) return [...ends, total];
  if (at < promptTokens) ends.push(promptTokens);
  let end = promptTokens;
  for (const size of steps) {
    end += size;
    if (end > at) ends.push(end);
  }
  return ends;
}

function ownSnapshot(
  snapshot: DriverContext["snapshot"],
  { tenant }: DriverContext,
  core: string,
): LlamaSnapshot | undefined {
  if (snapshot === undefined) return undefined;
  if (!(snapshot instanceof LlamaSnapshot))
    throw new SysError("EINVAL", `core ${core} was given another core's snapshot`, {
      hint: "a preempted call goes on where it was preempted",
    });
  if (snapshot.tenant !== tenant)
    throw new SysError("EACCES", `core ${core}: the snapshot is another tenant's`, { hint: "start the call anew" });
  return snapshot;
}

function throwIfCancelled(signal: AbortSignal, core: string): void {
  if (signal.aborted)
    throw new SysError("ECANCELED", `the call to core ${core} was cancelled`, { cause: signal.reason });
}
