import type { Clock } from "../../../kernel/ports.ts";
import type { Engine, Work } from "./engine.ts";

/** An upstream whose speed does not depend on its load: the known quantity in overhead measurements. */
export function createFixedEngine(
  clock: Clock,
  { slots, latencyMs, tokenMs }: { slots: number; latencyMs: number; tokenMs: number },
): Engine {
  let running = 0;
  const waiting = new Set<() => void>();

  const enter = (signal: AbortSignal): Promise<void> | undefined => {
    signal.throwIfAborted();
    if (running < slots) {
      running++;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        waiting.delete(admit);
        reject(signal.reason);
      };
      const admit = () => {
        waiting.delete(admit);
        signal.removeEventListener("abort", abort);
        resolve();
      };
      waiting.add(admit);
      signal.addEventListener("abort", abort, { once: true });
    });
  };

  /** Hands the slot to the next in line, or gives it back. */
  const leave = () => {
    const [next] = waiting;
    if (next === undefined) running--;
    else next();
  };

  async function* run({ outputTokens, chunkTokens, slowness, stallAfterTokens, signal }: Work): AsyncGenerator<number> {
    await enter(signal);
    try {
      const firstMs = clock.nowMs() + latencyMs * slowness;
      const eachMs = tokenMs * slowness;
      const last = Math.min(outputTokens, stallAfterTokens ?? outputTokens);
      const step = eachMs === 0 ? last : chunkTokens;
      for (let produced = Math.min(step, last); ; produced = Math.min(produced + step, last)) {
        // The first token comes after the latency, the n-th (n − 1) · tokenMs later.
        await clock.wakeAt(firstMs + (produced - 1) * eachMs, signal);
        if (produced > 0) yield produced;
        if (produced === last) break;
      }
      if (last < outputTokens) await aborted(signal);
    } finally {
      leave();
    }
  }

  return {
    run,
    get running() {
      return running;
    },
    get waiting() {
      return waiting.size;
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
