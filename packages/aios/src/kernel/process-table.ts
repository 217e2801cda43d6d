import { asPid, SysError } from "@aiosjs/sdk/protocol";
import type { KeyId, Pid, TenantId } from "@aiosjs/sdk/protocol";
import { seesAll } from "./access.ts";
import { KeyAttained } from "./attained.ts";
import { Process } from "./process.ts";
import type { ProcessOptions } from "./process.ts";
import type { Clock, Principal, Random } from "./ports.ts";

/** Ended processes kept for `wait` and `ps -a`; older ones are in the journal. */
const MAX_ZOMBIES = 1_000;

/** All processes by pid, and the rules of who may see whom. */
export class ProcessTable {
  readonly #byPid = new Map<Pid, Process>();
  readonly #inits = new Map<TenantId, Process>();
  readonly #bySession = new Map<string, Process>();
  /** Instants at which a key's new client processes were made, within the last minute. */
  readonly #births = new Map<KeyId, number[]>();
  readonly #attained = new Map<KeyId, KeyAttained>();
  readonly #zombies: Process[] = [];
  readonly #random: Random;
  readonly #clock: Clock;

  constructor(ports: { random: Random; clock: Clock }) {
    this.#random = ports.random;
    this.#clock = ports.clock;
  }

  [Symbol.iterator](): IterableIterator<Process> {
    return this.#byPid.values();
  }

  get(pid: string): Process | undefined {
    return this.#byPid.get(asPid(pid));
  }

  add(options: Omit<ProcessOptions, "pid" | "startedAtMs"> & { pid?: Pid; startedAtMs?: number }): Process {
    let pid = options.pid ?? asPid(this.#random.text(6));
    while (!options.pid && this.#byPid.has(pid)) pid = asPid(this.#random.text(6));
    const process = new Process({ ...options, pid, startedAtMs: options.startedAtMs ?? this.#clock.nowMs() });
    this.#byPid.set(pid, process);
    return process;
  }

  /** Parent of what a key does without being a process itself (`aios ps`, `aios run`). */
  init(tenant: TenantId): Process {
    let init = this.#inits.get(tenant);
    if (!init) {
      init = this.add({
        tenant,
        parent: undefined,
        name: "init",
        kind: "kernel",
        nice: 0,
        class: "interactive",
        capabilities: ["*"],
        onExhausted: "refuse",
        program: {},
        model: null,
        key: null,
      });
      init.hasBegun = true;
      this.#inits.set(tenant, init);
    }
    return init;
  }

  /** What the live sessions of a key have received. */
  attainedOf(key: KeyId): KeyAttained {
    const known = this.#attained.get(key) ?? new KeyAttained();
    this.#attained.set(key, known);
    return known;
  }

  adoptInit(process: Process): void {
    this.#inits.set(process.tenant, process);
  }

  /**
   * A process that the caller may see: its own tree under a process key, its tenant's under another, all with `*`.
   * @throws SysError ESRCH, also for what exists but is not the caller's: nobody learns of others' processes.
   */
  visible(pid: string, principal: Principal): Process {
    const process = this.get(pid);
    if (process && this.isVisible(process, principal)) return process;
    throw new SysError("ESRCH", `no process ${pid}`, { hint: "`aios ps -a` lists what is there" });
  }

  isVisible(process: Process, principal: Principal): boolean {
    if (principal.pid !== null) {
      const own = this.get(principal.pid);
      return own !== undefined && process.isUnder(own);
    }
    return seesAll(principal) || process.tenant === principal.tenant;
  }

  bySession(key: KeyId, session: string): Process | undefined {
    const process = this.#bySession.get(`${key} ${session}`);
    return process && !process.exit ? process : undefined;
  }

  bindSession(key: KeyId, session: string, process: Process): void {
    this.#bySession.set(`${key} ${session}`, process);
  }

  /** @throws SysError EAGAIN when this key has made `limit` new client processes within a minute. */
  countBirth(key: KeyId, limit: number): void {
    const nowMs = this.#clock.nowMs();
    const births = this.#births.get(key) ?? [];
    const isLastMinute = (atMs: number | undefined): boolean => atMs !== undefined && nowMs - atMs < 60_000;
    // The birth that is `limit` ago decides: nothing is counted.
    const decisive = births[births.length - limit];
    if (isLastMinute(decisive))
      throw new SysError("EAGAIN", `key ${key} made ${limit} new processes within a minute`, {
        retryAfterMs: 60_000 - (nowMs - (decisive ?? nowMs)),
        hint: "send one session id per agent, not per request, or raise server.maxNewProcessesPerMinute",
      });
    births.push(nowMs);
    if (births.length > 2 * limit) births.splice(0, births.length - limit);
    this.#births.set(key, births);
  }

  /** It was never there. */
  remove(process: Process): void {
    this.#byPid.delete(process.pid);
    process.parent?.children.delete(process);
  }

  /** It lives again after its end. */
  revive(process: Process): void {
    const index = this.#zombies.indexOf(process);
    if (index >= 0) this.#zombies.splice(index, 1);
    process.revive();
  }

  /** The process has ended: it stays as a zombie, and the oldest zombies go. */
  retire(process: Process): void {
    if (!process.parent) process.attained.leave();
    const { session } = process.program as { session?: string };
    if (process.key && session !== undefined && this.#bySession.get(`${process.key} ${session}`) === process)
      this.#bySession.delete(`${process.key} ${session}`);
    this.#zombies.push(process);
    if (this.#zombies.length <= MAX_ZOMBIES) return;
    const oldest = this.#zombies.shift() as Process;
    this.#byPid.delete(oldest.pid);
    oldest.parent?.children.delete(oldest);
  }
}
