import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { placeGuards, removeGhosts } from "./guards.ts";
import type { Ghost, Guard } from "./guards.ts";

const recordSchema = z.object({
  workspace: z.string(),
  isHeld: z.boolean(),
  ghosts: z.array(z.object({ path: z.string(), is: z.enum(["file", "folder"]), inode: z.number() })),
});

/**
 * Of one workspace, for all sandboxes in it: the empty files that hold the places of what is guarded and absent. Taken
 * away under one of them, they would take the guard with them.
 */
export class GhostKeeper {
  readonly #workspace: string;
  readonly #record: string;
  #ghosts: Ghost[] = [];
  #users = 0;
  /** Of them, those that are not seen to end: they may outlive this kernel. */
  #holders = 0;
  #isRecorded = false;

  constructor(workspace: string, record: string) {
    this.#workspace = workspace;
    this.#record = record;
    const left = readRecord(record);
    if (!left?.isHeld) return;
    this.#ghosts.push(...left.ghosts);
    this.#isRecorded = true;
  }

  /** Checks what is guarded, and leaves no trace. @throws SysError EINVAL, EPOLICY */
  check(guarded: readonly string[]): void {
    this.enter();
    try {
      this.guards(guarded);
    } finally {
      this.leave();
    }
  }

  /** Something begins that is guarded here. */
  enter(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0 || !this.#isRecorded) return;
    removeGhosts(this.#workspace, this.#ghosts);
    this.#ghosts = [];
    rmSync(this.#record, { force: true });
    this.#isRecorded = false;
  }

  /** As `enter`, for what may outlive this kernel: the next one leaves its ghosts in place. */
  hold(): void {
    this.enter();
    this.#holders++;
    this.#write();
  }

  /** What was begun by `hold` has ended. */
  release(): void {
    this.#holders--;
    this.leave();
  }

  guards(guarded: readonly string[]): readonly Guard[] {
    return placeGuards(this.#workspace, guarded, (ghost) => {
      this.#ghosts.push(ghost);
      this.#write();
    });
  }

  #write(): void {
    const record = { workspace: this.#workspace, isHeld: this.#holders > 0, ghosts: this.#ghosts };
    mkdirSync(dirname(this.#record), { recursive: true, mode: 0o700 });
    writeFileSync(this.#record, JSON.stringify(record), { mode: 0o600 });
    this.#isRecorded = true;
  }
}

export interface Ghosts {
  of(workspace: string): GhostKeeper;
  /** Takes away what an earlier kernel could not; not under a command that may go on without one, unless `isOver`. */
  reap(options?: { readonly isOver: boolean }): void;
}

/** One keeper for each workspace of a driver. `folder`: where it is noted what has to go, should this kernel be killed. */
export function createGhosts(folder: string): Ghosts {
  const keepers = new Map<string, GhostKeeper>();
  return {
    of(workspace) {
      const record = join(folder, `${createHash("sha256").update(workspace).digest("hex")}.json`);
      const keeper = keepers.get(workspace) ?? new GhostKeeper(workspace, record);
      keepers.set(workspace, keeper);
      return keeper;
    },
    reap({ isOver } = { isOver: false }) {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const record = readRecord(join(folder, name));
        if (!record || (record.isHeld && !isOver)) continue;
        removeGhosts(record.workspace, record.ghosts);
        rmSync(join(folder, name), { force: true });
      }
    },
  };
}

function readRecord(path: string): z.infer<typeof recordSchema> | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // Cut short before anything was made: it is written after each ghost, and a torn one names fewer.
    return undefined;
  }
}
