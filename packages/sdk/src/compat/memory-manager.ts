import { SysError } from "../errors.ts";
import { noteBytesOf } from "./note-bytes.ts";
import type { NoteUsageClient } from "./note-bytes.ts";

const MB = 1_048_576;

export interface MemoryManagerOptions {
  /** What all agents may hold together. Default 512. */
  readonly globalLimitMb?: number;
  /**
   * Keeps what an agent holds before it is freed to make room. Nothing of it is freed when this fails, and `allocate` or
   * `evictLru` fails with the same error. Default: nothing has to be kept.
   */
  readonly writeBack?: (agentId: string, bytes: number) => Promise<void> | void;
  /**
   * A kernel, whose accounts count too: what the notes of a process take is held by the agent of that pid, what those of an agent
   * or a group take by the agent of that name, and what all share by `tenant`. Asked by `refresh`, and before memory is allocated
   * or evicted. Default: none.
   */
  readonly client?: NoteUsageClient;
  /** Unix epoch milliseconds. Default: the system's clock. */
  readonly now?: () => number;
  /** Evictions that `evictionLog` remembers. Default 1,000. */
  readonly maxEvictionLog?: number;
}

/** What one agent holds. Megabytes are of 1,048,576 bytes, with two digits. */
export interface MemoryUsage {
  readonly agentId: string;
  readonly allocatedBytes: number;
  readonly allocatedMb: number;
  /** Of these, what its notes take in the kernel. */
  readonly noteBytes: number;
  readonly peakBytes: number;
  readonly peakMb: number;
  /** 0: no limit of its own. */
  readonly quotaBytes: number;
  readonly quotaMb: number;
  readonly allocCount: number;
  readonly releaseCount: number;
  /** Unix epoch milliseconds. */
  readonly lastAccess: number;
  readonly isPinned: boolean;
}

export interface EvictionRecord {
  readonly agentId: string;
  readonly freedBytes: number;
  readonly ts: number;
}

/** Whether there was room, and if not, why. */
export type Allocation = readonly [ok: boolean, reason: string];

interface Block {
  readonly agentId: string;
  allocated: number;
  /** By its notes, in the kernel. */
  noteBytes: number;
  peak: number;
  quota: number;
  allocs: number;
  releases: number;
  lastAccess: number;
  isPinned: boolean;
}

/**
 * A ledger of what agents hold in memory: it counts and decides, the bytes are the program's. When memory is full, the agents
 * that used theirs least recently make room: each is written back first, then freed. It lives in the process and is gone with it.
 * What notes take is the kernel's account (`mem.usage`): it is on disk, counts with the rest, and is evicted by the kernel alone.
 * Old names are the same in camelCase; `allocate` and `evictLru` are awaited, for writing back takes time.
 *
 * | old name | here |
 * | --- | --- |
 * | `allocate(agent_id, size_bytes)` | `await allocate`, the same pair; full memory evicts, a size that is none is EINVAL |
 * | `release`, `release_all`, `unregister`, `set_quota`, `set_global_limit` | the same |
 * | `evict_lru(target_free_bytes)` | `await evictLru`, with `writeBack` before anything is freed; never a pinned agent |
 * | `usage`, `usage_all`, `top`, `utilization`, `stats` | the same; `stats` is never old |
 * | – | `pin`, `unpin`, `touch`, `refresh` |
 */
export class MemoryManager {
  readonly #blocks = new Map<string, Block>();
  /** Those that could make room; the least recently used is the first. */
  readonly #evictable = new Map<string, Block>();
  readonly #writeBack: (agentId: string, bytes: number) => Promise<void> | void;
  readonly #client: NoteUsageClient | undefined;
  readonly #now: () => number;
  readonly #maxLog: number;
  #log: EvictionRecord[] = [];
  #globalLimit: number;
  #total = 0;
  #evictableTotal = 0;
  #evictions = 0;
  #allocs = 0;
  #releases = 0;
  /** Who makes room does so alone. */
  #makingRoom: Promise<unknown> = Promise.resolve();

  constructor({
    globalLimitMb = 512,
    writeBack = () => undefined,
    client,
    now = Date.now,
    maxEvictionLog = 1_000,
  }: MemoryManagerOptions = {}) {
    this.#globalLimit = bytesOf(globalLimitMb, "globalLimitMb");
    this.#writeBack = writeBack;
    this.#client = client;
    this.#now = now;
    this.#maxLog = Math.max(1, Math.floor(maxEvictionLog));
  }

  get totalAllocated(): number {
    return this.#total;
  }

  get freeBytes(): number {
    return Math.max(0, this.#globalLimit - this.#total);
  }

  /** Percent of the global limit; over 100 after it was lowered. */
  get utilization(): number {
    return this.#globalLimit === 0 ? 0 : twoDigits((this.#total / this.#globalLimit) * 100);
  }

  /** Oldest first, the last ones only. */
  get evictionLog(): EvictionRecord[] {
    return this.#log.slice(-this.#maxLog);
  }

  /** Makes an agent known, with a quota of its own (0: none); one that is known stays as it is. */
  register(agentId: string, quotaMb = 0): MemoryUsage {
    return usageOf(this.#blocks.get(agentId) ?? this.#add(agentId, quotaMb));
  }

  /**
   * Counts what notes take just now, as far as the client's process or key is told: of the 500 fullest namespaces. Agents that
   * were not known are registered. @throws SysError as `mem.usage`
   */
  async refresh(): Promise<void> {
    if (this.#client === undefined) return;
    const held = await noteBytesOf(this.#client);
    for (const agentId of held.keys()) if (!this.#blocks.has(agentId)) this.#add(agentId, 0);
    for (const block of this.#blocks.values()) {
      const noteBytes = held.get(block.agentId) ?? 0;
      this.#total += noteBytes - block.noteBytes;
      block.noteBytes = noteBytes;
      block.peak = Math.max(block.peak, heldBy(block));
    }
  }

  /**
   * Room for so many bytes more; an agent that is not known is registered. Where there is none, others make room, and only if
   * that will do: whoever asks for too much costs nobody anything.
   * @throws SysError EINVAL for a size that is no count of bytes, and whatever `writeBack` or the client fails with.
   */
  async allocate(agentId: string, sizeBytes: number): Promise<Allocation> {
    checkSize(sizeBytes);
    if (this.#client) await this.refresh();
    const block = this.#blocks.get(agentId) ?? this.#add(agentId, 0);
    return this.#grant(block, sizeBytes) ?? this.#alone(() => this.#makeRoom(agentId, sizeBytes));
  }

  /** False for an agent that is not known. More than it allocated frees that; its notes stay. @throws SysError EINVAL as `allocate`. */
  release(agentId: string, sizeBytes: number): boolean {
    checkSize(sizeBytes);
    const block = this.#blocks.get(agentId);
    if (block === undefined) return false;
    this.#use(block, -Math.min(sizeBytes, block.allocated));
    block.releases++;
    this.#releases++;
    return true;
  }

  /** Returns the bytes that are free now. */
  releaseAll(agentId: string): number {
    const held = this.#blocks.get(agentId)?.allocated ?? 0;
    this.release(agentId, held);
    return held;
  }

  /** Forgets an agent, until its notes are counted again. Returns the bytes that are free now. */
  unregister(agentId: string): number {
    const held = this.releaseAll(agentId);
    this.#total -= this.#blocks.get(agentId)?.noteBytes ?? 0;
    this.#blocks.delete(agentId);
    return held;
  }

  /** The agent has used its memory: others make room before it does. False for one that is not known. */
  touch(agentId: string): boolean {
    const block = this.#blocks.get(agentId);
    if (block) this.#use(block, 0);
    return block !== undefined;
  }

  /** What the agent holds is not evicted until `unpin`. False for one that is not known. */
  pin(agentId: string): boolean {
    return this.#setPinned(agentId, true);
  }

  unpin(agentId: string): boolean {
    return this.#setPinned(agentId, false);
  }

  /** 0 takes the quota away. What is held already stays. False for an agent that is not known. */
  setQuota(agentId: string, quotaMb: number): boolean {
    const quota = bytesOf(quotaMb, "quotaMb");
    const block = this.#blocks.get(agentId);
    if (block) block.quota = quota;
    return block !== undefined;
  }

  /** Below what is held, the next `allocate` or `evictLru` makes room. */
  setGlobalLimit(limitMb: number): void {
    this.#globalLimit = bytesOf(limitMb, "limitMb");
  }

  /**
   * Evicts the agents that were used least recently until so many bytes are free; without a target, one of them. Returns whom.
   * An agent that uses its memory while that is written back keeps it.
   * @throws SysError EINVAL for a target that is no count of bytes, and whatever `writeBack` or the client fails with.
   */
  async evictLru(targetFreeBytes?: number): Promise<string[]> {
    if (targetFreeBytes !== undefined) checkSize(targetFreeBytes);
    if (this.#client) await this.refresh();
    return this.#alone(async () => {
      const evicted: string[] = [];
      const isDone = () => (targetFreeBytes === undefined ? evicted.length > 0 : this.freeBytes >= targetFreeBytes);
      while (!isDone()) {
        const victim = this.#victim();
        if (victim === undefined) break;
        if (await this.#evict(victim)) evicted.push(victim.agentId);
      }
      return evicted;
    });
  }

  usage(agentId: string): MemoryUsage | undefined {
    const block = this.#blocks.get(agentId);
    return block && usageOf(block);
  }

  usageAll(): MemoryUsage[] {
    return Array.from(this.#blocks.values(), usageOf);
  }

  /** Those that hold most, the largest first. */
  top(n = 5): MemoryUsage[] {
    const blocks = [...this.#blocks.values()].toSorted((left, right) => heldBy(right) - heldBy(left));
    return blocks.slice(0, Math.max(0, n)).map(usageOf);
  }

  stats() {
    return {
      agents: this.#blocks.size,
      totalAllocatedMb: megabytes(this.#total),
      globalLimitMb: megabytes(this.#globalLimit),
      freeMb: megabytes(this.freeBytes),
      utilizationPct: this.utilization,
      evictions: this.#evictions,
      totalAllocs: this.#allocs,
      totalReleases: this.#releases,
    };
  }

  #add(agentId: string, quotaMb: number): Block {
    if (typeof agentId !== "string" || agentId === "")
      throw new SysError("EINVAL", `${JSON.stringify(agentId)} is no id of an agent`);
    const quota = bytesOf(quotaMb, "quotaMb");
    const counts = { allocated: 0, noteBytes: 0, peak: 0, allocs: 0, releases: 0 };
    const block = { agentId, quota, ...counts, lastAccess: this.#now(), isPinned: false };
    this.#blocks.set(agentId, block);
    return block;
  }

  /** Undefined: others would have to make room. */
  #grant(block: Block, sizeBytes: number): Allocation | undefined {
    const wanted = heldBy(block) + sizeBytes;
    if (block.quota > 0 && wanted > block.quota) return [false, `agent quota exceeded (${wanted} > ${block.quota})`];
    if (this.#total + sizeBytes > this.#globalLimit) return undefined;
    this.#use(block, sizeBytes);
    block.allocs++;
    this.#allocs++;
    return [true, "ok"];
  }

  async #makeRoom(agentId: string, sizeBytes: number): Promise<Allocation> {
    for (;;) {
      const block = this.#blocks.get(agentId) ?? this.#add(agentId, 0);
      const granted = this.#grant(block, sizeBytes);
      if (granted) return granted;
      const own = this.#evictable.has(agentId) ? block.allocated : 0;
      const victim = this.#victim(agentId);
      if (victim === undefined || this.#total - this.#evictableTotal + own + sizeBytes > this.#globalLimit)
        return [false, `global limit exceeded (${this.#total + sizeBytes} > ${this.#globalLimit})`];
      await this.#evict(victim);
    }
  }

  /** The least recently used one; of two at most the second is looked at. */
  #victim(except?: string): Block | undefined {
    for (const block of this.#evictable.values()) if (block.agentId !== except) return block;
    return undefined;
  }

  /** False when it was used meanwhile: it is no victim any more, and what was written back is old. */
  async #evict(block: Block): Promise<boolean> {
    const bytes = block.allocated;
    // Taken out, it is put back behind all others by whoever uses it.
    this.#evictable.delete(block.agentId);
    this.#evictableTotal -= bytes;
    const isUnused = (): boolean => this.#blocks.get(block.agentId) === block && !this.#evictable.has(block.agentId);
    try {
      await this.#writeBack(block.agentId, bytes);
    } catch (cause) {
      if (isUnused()) this.#place(block);
      throw cause;
    }
    if (!isUnused() || block.isPinned || block.allocated !== bytes) return false;
    block.allocated = 0;
    this.#total -= bytes;
    this.#evictions++;
    this.#log.push({ agentId: block.agentId, freedBytes: bytes, ts: this.#now() });
    if (this.#log.length >= 2 * this.#maxLog) this.#log = this.evictionLog;
    return true;
  }

  #use(block: Block, bytes: number): void {
    this.#displace(block);
    block.allocated += bytes;
    block.peak = Math.max(block.peak, heldBy(block));
    block.lastAccess = this.#now();
    this.#total += bytes;
    this.#place(block);
  }

  #displace(block: Block): void {
    if (this.#evictable.delete(block.agentId)) this.#evictableTotal -= block.allocated;
  }

  /** Behind all others. */
  #place(block: Block): void {
    if (block.allocated === 0 || block.isPinned) return;
    this.#evictable.set(block.agentId, block);
    this.#evictableTotal += block.allocated;
  }

  #setPinned(agentId: string, isPinned: boolean): boolean {
    const block = this.#blocks.get(agentId);
    if (block === undefined) return false;
    this.#displace(block);
    block.isPinned = isPinned;
    this.#place(block);
    return true;
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = this.#makingRoom.then(work, work);
    this.#makingRoom = working.catch(() => undefined);
    return working;
  }
}

const heldBy = ({ allocated, noteBytes }: Block): number => allocated + noteBytes;

function usageOf(block: Block): MemoryUsage {
  const { agentId, noteBytes, peak, quota, allocs, releases, lastAccess, isPinned } = block;
  return {
    agentId,
    allocatedBytes: heldBy(block),
    allocatedMb: megabytes(heldBy(block)),
    noteBytes,
    peakBytes: peak,
    peakMb: megabytes(peak),
    quotaBytes: quota,
    quotaMb: megabytes(quota),
    allocCount: allocs,
    releaseCount: releases,
    lastAccess,
    isPinned,
  };
}

const twoDigits = (value: number): number => Math.round(value * 100) / 100;
const megabytes = (bytes: number): number => twoDigits(bytes / MB);

function bytesOf(mb: number, name: string): number {
  if (Number.isFinite(mb) && mb >= 0) return Math.floor(mb * MB);
  throw new SysError("EINVAL", `${name} is ${mb}, which is no size`);
}

function checkSize(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw new SysError("EINVAL", `${bytes} is no number of bytes`);
}
