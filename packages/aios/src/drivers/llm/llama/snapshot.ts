import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Token } from "node-llama-cpp";
import type { Snapshot } from "../../../kernel/ports.ts";
import type { Sampling } from "./sampling.ts";
import type { Parked } from "./slots.ts";

/** All that an answer is, and what was measured about it so far. Token ids are the truth; the state is computed from them. */
export interface Progress {
  /** Of prompt and answer, the one sampled last included, whose state nobody has computed yet. */
  readonly ids: readonly Token[];
  readonly promptTokens: number;
  readonly sampling: Sampling;
  /** Tokens of the prompt whose state was there when the call first began. */
  readonly cachedInputTokens: number;
  /** Tokens computed a second time. */
  readonly wastedTokens: number;
}

/** A preempted call of a local core. */
export class LlamaSnapshot implements Snapshot {
  readonly tenant: TenantId;
  readonly progress: Progress;
  readonly parked: Parked;
  readonly #discard: () => void;

  constructor(progress: Progress, { parked, discard }: { parked: Parked; discard: () => void }) {
    this.tenant = parked.tenant;
    this.progress = progress;
    this.parked = parked;
    this.#discard = discard;
  }

  get tokens(): number {
    const { at, tokens } = this.parked;
    return at.is === "nowhere" || (at.is === "file" && at.file.isGone) ? 0 : tokens;
  }

  get outputTokens(): number {
    return this.progress.ids.length - this.progress.promptTokens;
  }

  discard(): void {
    this.#discard();
  }
}
