import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { placeGuards, removeGhosts } from "./guards.ts";
import type { Ghost, Guard } from "./guards.ts";

/** Of one sandbox: its guards, and the empty files that hold the places of what is absent while something runs. */
export class GhostKeeper {
  readonly #workspace: string;
  readonly #guarded: readonly string[];
  readonly #record: string;
  #ghosts: Ghost[];
  #users = 0;
  /** Something runs that is not seen to end. */
  #isHeld = false;

  constructor(workspace: string, guarded: readonly string[], folder: string) {
    this.#workspace = workspace;
    this.#guarded = guarded;
    this.#record = join(folder, "ghosts.json");
    // Written by this driver alone, in a folder of its own; an earlier kernel was killed before it took them away.
    this.#ghosts = existsSync(this.#record) ? (JSON.parse(readFileSync(this.#record, "utf8")) as Ghost[]) : [];
  }

  /** All that is guarded is there: a sandbox may wait for its next command without leaving anything in the workspace. */
  isComplete(): boolean {
    return this.#guarded.every((path) => existsSync(join(this.#workspace, path)));
  }

  /** Checks what is guarded, and leaves no trace. @throws SysError EINVAL, EPOLICY */
  check(): void {
    this.enter();
    try {
      this.guards();
    } finally {
      this.leave();
    }
  }

  enter(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#users === 0 && !this.#isHeld) this.#remove();
  }

  guards(): readonly Guard[] {
    if (this.#guarded.length === 0) return [];
    return placeGuards(this.#workspace, this.#guarded, (ghost) => {
      this.#ghosts.push(ghost);
      writeFileSync(this.#record, JSON.stringify(this.#ghosts), { mode: 0o600 });
    });
  }

  /** Until `release`. */
  hold(): readonly Guard[] {
    this.#isHeld = true;
    return this.guards();
  }

  release(): void {
    this.#isHeld = false;
    if (this.#users === 0) this.#remove();
  }

  /** @throws SysError EPOLICY the path is guarded, is on the way to what is, or lies below it. */
  refuse(path: string): void {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const asked = parts.join("/");
    const guarded = this.#guarded.find(
      (one) => asked === one || asked.startsWith(`${one}/`) || one.startsWith(`${asked}/`),
    );
    if (guarded === undefined) return;
    throw new SysError("EPOLICY", `${JSON.stringify(path)} is guarded in this sandbox`);
  }

  #remove(): void {
    if (this.#ghosts.length === 0) return;
    removeGhosts(this.#workspace, this.#ghosts);
    this.#ghosts = [];
    rmSync(this.#record, { force: true });
  }
}
