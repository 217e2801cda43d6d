import type { Pid } from "@aiosjs/sdk/protocol";
import type { Clock } from "../ports.ts";
import type { Process } from "../process.ts";

interface Broken {
  readonly name: string;
  readonly untilMs: number;
}

/** For whom a person has lifted, for a time, what nothing else lifts. It does not outlive the kernel: then it is whole again. */
export class BrokenGlass {
  readonly #broken = new Map<Pid, Broken[]>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  break({ pid }: Process, name: string, forMs: number): number {
    const untilMs = this.#clock.nowMs() + forMs;
    const others = (this.#broken.get(pid) ?? []).filter((one) => one.name !== name);
    this.#broken.set(pid, [...others, { name, untilMs }]);
    return untilMs;
  }

  isBroken({ pid }: Process, name: string): boolean {
    const broken = this.#broken.get(pid);
    if (!broken) return false;
    const nowMs = this.#clock.nowMs();
    const still = broken.filter(({ untilMs }) => untilMs > nowMs);
    if (still.length === 0) this.#broken.delete(pid);
    return still.some((one) => one.name === name);
  }
}
