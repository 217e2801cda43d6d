import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import type { Clock, SandboxSpec } from "../../../kernel/ports.ts";
import type { Machine } from "./machine.ts";
import { makeHome } from "./home.ts";
import { ownerOf, startInSeat } from "./seat.ts";
import type { Seat } from "./seat.ts";
import type { Spares } from "./spares.ts";

export interface PoolOptions {
  /**
   * Sandboxes that are made before they are asked for, of each kind that was asked for (what it shows of the machine):
   * the next one opens without a start. 0: none. Default 1.
   */
  readonly min?: number | undefined;
  /** Started bubblewraps that wait for a command, in all, those of open sandboxes too. Default 8. */
  readonly max?: number | undefined;
  /** Milliseconds after which one that nobody took is ended. Default 60,000. */
  readonly idleTtlMs?: number | undefined;
}

/** Made, started, and never used by anybody. What was used once belongs to its tenant and is never handed on. */
interface Ready {
  readonly folder: string;
  readonly uid: number;
  readonly gid: number;
  readonly isRoots: boolean;
}

interface PoolParts {
  readonly folder: string;
  readonly clock: Clock;
  readonly generation: number;
  readonly min: number;
  readonly spares: Spares;
}

/** Kinds that are kept ready at a time; the one that was asked for longest ago makes room. */
const maxKinds = 4;
const refillMs = 50;

export class Pool {
  readonly #parts: PoolParts;
  readonly #ready = new Map<string, Ready[]>();
  readonly #closing = new AbortController();

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** Undefined: there is none, or it has been ended. */
  take(spec: SandboxSpec): Ready | undefined {
    if (!isPooled(spec)) return undefined;
    const { spares } = this.#parts;
    const ready = this.#ready.get(keyOf(spec)) ?? [];
    for (const one of ready.splice(0)) {
      // Its bubblewrap has been ended: what it was made for is over.
      if (!spares.has(one.folder)) void rm(one.folder, { recursive: true, force: true });
      else ready.push(one);
    }
    const at = ready.findIndex(({ folder }) => spares.isMounted(folder));
    return at < 0 ? undefined : ready.splice(at, 1)[0];
  }

  /** Makes up for what was taken, when its taker has had time to start: both would only slow each other down. */
  refillSoon(spec: SandboxSpec, machine: Machine): void {
    const { clock, min } = this.#parts;
    if (!isPooled(spec) || min === 0) return;
    clock.wakeAt(clock.nowMs() + refillMs, this.#closing.signal).then(
      () => this.#refill(spec, machine),
      // Closed meanwhile.
      () => undefined,
    );
  }

  #refill(spec: SandboxSpec, machine: Machine): void {
    const { folder, generation, min, spares } = this.#parts;
    const key = keyOf(spec);
    const ready = this.#ready.get(key) ?? [];
    this.#ready.delete(key);
    this.#ready.set(key, ready);
    const [oldest] = this.#ready.keys();
    if (this.#ready.size > maxKinds && oldest !== undefined) void this.#drop(oldest);
    while (ready.length < min) {
      const name = randomUUID();
      const at = join(folder, `.pool-${generation}-${name}`);
      const one = { folder: at, ...ownerOf(name, undefined) };
      const seat: Seat = { ...one, workspace: join(at, "home"), views: spec.views ?? [] };
      makeHome(at, one);
      ready.push(one);
      spares.prepare(at, () => startInSeat(machine, seat, { guards: [] }));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#ready.keys()].map((key) => this.#drop(key)));
  }

  async #drop(key: string): Promise<void> {
    const ready = this.#ready.get(key) ?? [];
    this.#ready.delete(key);
    for (const { folder } of ready) {
      await this.#parts.spares.end(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** A workspace, and the one door that is a sandbox's own, are known when they are given, and not before. */
const isPooled = ({ workspace, egress, hidden, forwards }: SandboxSpec): boolean =>
  [workspace, egress, hidden, forwards].every((one) => one === undefined);

const keyOf = ({ views = [] }: SandboxSpec): string => JSON.stringify(views);
