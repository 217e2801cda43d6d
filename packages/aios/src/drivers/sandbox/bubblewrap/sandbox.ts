import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import { isPathBelow } from "../home/path-below.ts";
import type { Cell } from "./cell.ts";
import type { GhostKeeper, Ghosts } from "../home/ghost-keeper.ts";
import { isComplete, refuseGuarded } from "../home/guards.ts";
import type { Guard } from "../home/guards.ts";
import { readFileBelow, writeFileBelow } from "../home/files.ts";
import { holdLease } from "./kept.ts";
import type { Kept } from "./kept.ts";
import { boundsOf, tighter } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { heldBelow } from "./memory-watch.ts";
import { homeInside } from "./profile.ts";
import { runCommand } from "./run-command.ts";
import { checkedProgram } from "./script.ts";
import { sourcePath, startInSeat } from "./seat.ts";
import type { Seat } from "./seat.ts";
import type { Spares } from "./spares.ts";
import { copyTree, emptyTree, removeTree, sizeOfTree } from "../home/tree.ts";
import { wrapCommand } from "./wrap.ts";

export interface SandboxParts {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly generation: number;
  readonly spares: Spares;
  readonly ghosts: Ghosts;
  /** Where a deleted folder goes before it is removed: it is away at once. */
  readonly goneFolder: string;
}

const randomName = (): string => randomUUID().replaceAll("-", "");

/** One sandbox: a folder, and a bubblewrap for each command that runs in it. */
export class BubblewrapSandbox implements Sandbox {
  readonly home = homeInside;
  readonly #kept: Kept;
  readonly #folder: string;
  readonly #parts: SandboxParts;
  readonly #seat: Seat;
  readonly #guarded: readonly string[];
  /** Undefined: nothing is guarded. */
  readonly #ghosts: GhostKeeper | undefined;
  /** Commands that others keep, since the last stop. */
  #held = 0;
  readonly #running = new Set<Cell>();
  /** Commands that have begun and not ended. */
  #commands = 0;
  /** Grows with each stop: what was begun before it does not run after it. */
  #stops = 0;
  #isDeleted = false;

  constructor(kept: Kept, folder: string, parts: SandboxParts) {
    this.#kept = kept;
    this.#folder = folder;
    this.#parts = parts;
    const { workspace, workspaceAt, views = [], hidden, egress, forwards, uid, gid, isRoots } = kept;
    const home = join(folder, "home");
    this.#seat = {
      workspace: workspace ?? home,
      ...(workspaceAt === undefined ? {} : { workspaceAt, home }),
      uid,
      gid,
      isRoots,
      views: views.map(({ from, at }) => ({ from: sourcePath(from, "view"), at })),
      hidden,
      egress,
      forwards,
    };
    this.#guarded = kept.guarded ?? [];
    this.#ghosts = this.#guarded.length === 0 ? undefined : parts.ghosts.of(this.#seat.workspace);
  }

  get id(): string {
    return this.#kept.id;
  }

  get tenant(): Kept["tenant"] {
    return this.#kept.tenant;
  }

  async *exec(command: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    const { signal, limits } = command;
    if (signal.aborted) throw new SysError("ECANCELED", "the command was aborted", { cause: signal.reason });
    checkedProgram(command);
    this.#hold();
    const bounds = boundsOf(this.#kept.limits);
    const stops = this.#stops;
    this.#commands++;
    this.#ghosts?.enter();
    try {
      const cell = await this.#start(command.input).catch((cause: unknown) => {
        this.#hold();
        throw cause;
      });
      this.#running.add(cell);
      try {
        // Taken over, deleted or stopped while it was started.
        this.#hold();
        if (stops !== this.#stops) cell.kill();
        yield* runCommand(cell.tell({ ...command, bounds }), {
          clock: this.#parts.clock,
          outputBytes: tighter(bounds.outputBytes, limits?.outputBytes),
          wallMs: tighter(bounds.wallMs, limits?.wallMs),
          memoryBytes: bounds.memoryBytes,
          signal,
          command,
        });
      } finally {
        await this.#put(cell, stops);
        this.#running.delete(cell);
      }
    } finally {
      this.#commands--;
      this.#ghosts?.leave();
    }
  }

  /** After its command: kept for the next one where it can be, or another in its place. */
  async #put(cell: Cell, stops: number): Promise<void> {
    const { spares } = this.#parts;
    const again = (): Promise<Cell> | undefined => (this.#canWait() ? this.#wait() : undefined);
    if (stops === this.#stops && cell.mayBeKept() && this.#canWait()) {
      spares.keep(this.#folder, cell, again);
      return;
    }
    cell.kill();
    await cell.ended;
    if (this.#canWait()) spares.prepareSoon(this.#folder, again);
  }

  async upload(path: string, bytes: Uint8Array): Promise<void> {
    this.#hold();
    if (isPathBelow(path)) refuseGuarded(path, this.#guarded);
    const { workspace, isRoots, uid, gid } = this.#seat;
    await writeFileBelow(workspace, path, { bytes, owner: isRoots ? { uid: 0, gid: 0 } : { uid, gid } });
  }

  async download(path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
    this.#hold();
    return readFileBelow(this.#seat.workspace, path, maxBytes);
  }

  async snapshot(): Promise<string> {
    this.#holdStill();
    const name = randomName();
    const at = join(this.#snapshots, name);
    const beside = `${at}.part`;
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    await copyTree(this.#seat.workspace, beside);
    await rename(beside, at);
    return name;
  }

  async revert(snapshot: string): Promise<void> {
    this.#holdStill();
    const names = existsSync(this.#snapshots) ? readdirSync(this.#snapshots) : [];
    if (!/^[0-9a-f]{32}$/.test(snapshot) || !names.includes(snapshot)) {
      throw new SysError("ENOENT", `sandbox ${this.id} has no snapshot ${JSON.stringify(snapshot)}`);
    }
    await emptyTree(this.#seat.workspace);
    await copyTree(join(this.#snapshots, snapshot), this.#seat.workspace);
  }

  async stats(): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    this.#hold();
    let [processes, memoryBytes] = [0, 0];
    for (const cell of this.#running) {
      const first = cell.firstProcess();
      if (first === undefined) continue;
      const held = await heldBelow(first);
      processes += held.processes;
      memoryBytes += held.memoryBytes;
    }
    return { processes, memoryBytes, diskBytes: await sizeOfTree(this.#seat.workspace) };
  }

  async stop(): Promise<void> {
    this.#stops++;
    const running = [...this.#running];
    for (const cell of running) cell.kill();
    await this.#parts.spares.end(this.#folder);
    await Promise.all(running.map((cell) => cell.ended));
    for (; this.#held > 0; this.#held--) this.#ghosts?.release();
  }

  async delete(): Promise<void> {
    if (this.#isDeleted) return;
    try {
      this.#hold();
    } catch {
      // Somebody else's by now, or gone: nothing of it is this one's to remove.
      this.#isDeleted = true;
      await this.stop();
      return;
    }
    this.#isDeleted = true;
    await this.stop();
    const gone = join(this.#parts.goneFolder, randomName());
    mkdirSync(this.#parts.goneFolder, { recursive: true, mode: 0o700 });
    await rename(this.#folder, gone);
    await removeTree(gone);
  }

  wrap: NonNullable<Sandbox["wrap"]> = (command, { firstHandle = 3 } = {}) => {
    this.#hold();
    const bounds = boundsOf(this.#kept.limits);
    this.#held++;
    this.#ghosts?.hold();
    return wrapCommand(this.#parts.machine, this.#seat, {
      command,
      bounds,
      guards: this.#guards(),
      firstHandle,
      clock: this.#parts.clock,
    });
  };

  #guards(): readonly Guard[] {
    return this.#ghosts?.guards(this.#guarded) ?? [];
  }

  /** Started for the next command already: only where that leaves nothing in the workspace. */
  #canWait(): boolean {
    return !this.#isDeleted && isComplete(this.#seat.workspace, this.#guarded);
  }

  get #snapshots(): string {
    return join(this.#folder, "snapshots");
  }

  /** @throws SysError ESTALE it is not ours any more. */
  #hold(): void {
    if (this.#isDeleted) throw new SysError("ESTALE", `sandbox ${this.id} was deleted`);
    holdLease(this.#folder, { generation: this.#parts.generation, nonce: this.#kept.nonce });
  }

  #holdStill(): void {
    this.#hold();
    if (this.#commands > 0) {
      throw new SysError("EBUSY", `${this.#commands} commands run in sandbox ${this.id}`, { hint: "stop it first" });
    }
  }

  async #start(input: SandboxCommand["input"]): Promise<Cell> {
    const { machine, spares } = this.#parts;
    const canTake = input === undefined || machine.hasResidents;
    const waiting = canTake ? await spares.take(this.#folder) : undefined;
    return waiting ?? (await startInSeat(machine, this.#seat, { guards: this.#guards(), input }));
  }

  async #wait(): Promise<Cell> {
    return startInSeat(this.#parts.machine, this.#seat, { guards: this.#guards() });
  }
}
