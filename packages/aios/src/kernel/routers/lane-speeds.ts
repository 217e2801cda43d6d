import type { Lane } from "../lane.ts";

/** Share of a new sample: the last ten calls make up nine tenths of the mean. */
const SHARE = 0.2;
/** Lanes whose speed is remembered; the longest unused is forgotten first. */
const MAX_LANES = 1_000;

interface Speed {
  firstTokenMs: number | undefined;
  tokenMs: number | undefined;
  /** Demand of the calls that run now, in tokens of prompt and answer. */
  tokensInFlight: number;
}

/** One attempt under way, as its speed is measured. */
export interface Flight {
  /** The first piece of an answer came. */
  output(nowMs: number): void;
  /** The attempt is over; with the answer's length if it was a whole one. Counts once. */
  land(nowMs: number, outputTokens?: number): void;
}

/** How fast lanes answer, learned from their answers: exponentially weighted means of time to first token and time per token. */
export class LaneSpeeds {
  readonly #speeds = new Map<string, Speed>();

  begin(lane: Lane, tokens: number, atMs: number): Flight {
    const speed = this.#of(lane);
    speed.tokensInFlight += tokens;
    let firstAtMs: number | undefined;
    let isOver = false;
    return {
      output(nowMs) {
        firstAtMs ??= nowMs;
      },
      land(nowMs, outputTokens) {
        if (isOver) return;
        isOver = true;
        speed.tokensInFlight -= tokens;
        if (!outputTokens) return;
        // An answer in one piece tells only its whole time; what of it was the first token's is taken from streamed ones.
        const beganMs = firstAtMs !== undefined && firstAtMs < nowMs ? firstAtMs - atMs : undefined;
        if (beganMs !== undefined) speed.firstTokenMs = mean(speed.firstTokenMs, beganMs);
        const decodeMs = nowMs - atMs - (beganMs ?? speed.firstTokenMs ?? 0);
        const tokenMs = Math.max(0, decodeMs) / outputTokens;
        speed.tokenMs = mean(speed.tokenMs, tokenMs);
      },
    };
  }

  tokensInFlight(lane: Lane): number {
    return this.#speeds.get(lane.id)?.tokensInFlight ?? 0;
  }

  /** Milliseconds in a slot for an answer of so many tokens; `undefined` for a lane that has not answered yet. */
  expectedMs(lane: Lane, outputTokens: number): number | undefined {
    const speed = this.#speeds.get(lane.id);
    return speed?.tokenMs === undefined ? undefined : (speed.firstTokenMs ?? 0) + speed.tokenMs * outputTokens;
  }

  /** Milliseconds per token of an answer; `undefined` for a lane that has not answered yet. */
  tokenMs(lane: Lane): number | undefined {
    return this.#speeds.get(lane.id)?.tokenMs;
  }

  #of({ id }: Lane): Speed {
    const speed = this.#speeds.get(id) ?? { firstTokenMs: undefined, tokenMs: undefined, tokensInFlight: 0 };
    this.#speeds.delete(id);
    this.#speeds.set(id, speed);
    if (this.#speeds.size > MAX_LANES) this.#forget();
    return speed;
  }

  #forget(): void {
    for (const [id, { tokensInFlight }] of this.#speeds) if (tokensInFlight === 0) return void this.#speeds.delete(id);
  }
}

const mean = (before: number | undefined, sample: number): number =>
  before === undefined ? sample : before + SHARE * (sample - before);
