import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import { holdLease } from "../bubblewrap/kept.ts";
import type { Kept } from "../bubblewrap/kept.ts";
import { boundsOf, tighter } from "../bubblewrap/limits.ts";
import { commandLine, waitingScript } from "../bubblewrap/script.ts";
import { readFileBelow, writeFileBelow } from "../home/files.ts";
import type { GhostKeeper, Ghosts } from "../home/ghost-keeper.ts";
import { refuseGuarded } from "../home/guards.ts";
import { isPathBelow } from "../home/path-below.ts";
import { copyTree, emptyTree, removeTree, sizeOfTree } from "../home/tree.ts";
import { canceled, RunningCommand } from "./command.ts";
import { doorEnvironment } from "./door.ts";
import type { Door } from "./door.ts";
import { listProcesses } from "./process-table.ts";
import { sandboxExecArguments } from "./profile.ts";
import type { SystemPrograms } from "./programs.ts";

export interface SandboxParts {
  readonly programs: SystemPrograms;
  readonly clock: Clock;
  readonly generation: number;
  readonly ghosts: Ghosts;
  /** Where a deleted folder goes before it is removed: it is away at once. */
  readonly goneFolder: string;
}

/** What stands in a sandbox's folder; `home` only where no workspace was given. */
const inFolder = { home: "home", temporary: "tmp", mark: "mark", snapshots: "snapshots" } as const;

const path = ["/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].join(
  ":",
);

const randomName = (): string => randomUUID().replaceAll("-", "");

/** One sandbox: a folder, and a sandbox-exec for each command that runs in it. Its home folder has its own path inside. */
export class SeatbeltSandbox implements Sandbox {
  readonly home: string;
  readonly #kept: Kept;
  readonly #folder: string;
  readonly #parts: SandboxParts;
  readonly #door: Door | undefined;
  readonly #guarded: readonly string[];
  /** Undefined: nothing is guarded. */
  readonly #ghosts: GhostKeeper | undefined;
  readonly #running = new Set<RunningCommand>();
  /** Commands that have begun and not ended. */
  #commands = 0;
  /** Grows with each stop: what was begun before it does not run after it. */
  #stops = 0;
  #isDeleted = false;

  constructor(
    kept: Kept,
    folder: string,
    { parts, door }: { readonly parts: SandboxParts; readonly door: Door | undefined },
  ) {
    this.#kept = kept;
    this.#folder = folder;
    this.#parts = parts;
    this.#door = door;
    this.home = kept.workspace ?? join(folder, inFolder.home);
    this.#guarded = kept.guarded ?? [];
    this.#ghosts = this.#guarded.length === 0 ? undefined : parts.ghosts.of(this.home);
  }

  get id(): string {
    return this.#kept.id;
  }

  get tenant(): Kept["tenant"] {
    return this.#kept.tenant;
  }

  async *exec(asked: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    const command = { ...asked, folder: asked.folder ?? this.home };
    const { signal } = command;
    if (signal.aborted) throw canceled(signal);
    this.#hold();
    const stops = this.#stops;
    this.#commands++;
    this.#ghosts?.enter();
    try {
      const line = await this.#line(command);
      // Taken over, deleted or stopped meanwhile.
      this.#hold();
      if (signal.aborted) throw canceled(signal);
      const running = this.#start(command, line);
      if (stops !== this.#stops) void running.kill().catch(() => undefined);
      const onAbort = (): void => void running.kill().catch(() => undefined);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        yield* running.read();
      } finally {
        signal.removeEventListener("abort", onAbort);
        await running.kill();
        this.#running.delete(running);
      }
    } finally {
      this.#commands--;
      this.#ghosts?.leave();
    }
  }

  async upload(at: string, bytes: Uint8Array): Promise<void> {
    this.#hold();
    if (isPathBelow(at)) refuseGuarded(at, this.#guarded);
    await writeFileBelow(this.home, at, { bytes, owner: this.#kept });
  }

  async download(at: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
    this.#hold();
    return readFileBelow(this.home, at, maxBytes);
  }

  async snapshot(): Promise<string> {
    this.#holdStill();
    const name = randomName();
    const at = join(this.#snapshots, name);
    const beside = `${at}.part`;
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    await copyTree(this.home, beside);
    await rename(beside, at);
    return name;
  }

  async revert(snapshot: string): Promise<void> {
    this.#holdStill();
    const names = existsSync(this.#snapshots) ? readdirSync(this.#snapshots) : [];
    if (!/^[0-9a-f]{32}$/.test(snapshot) || !names.includes(snapshot)) {
      throw new SysError("ENOENT", `sandbox ${this.id} has no snapshot ${JSON.stringify(snapshot)}`);
    }
    await emptyTree(this.home);
    await copyTree(join(this.#snapshots, snapshot), this.home);
  }

  async stats(): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    this.#hold();
    const looks = await Promise.all([...this.#running].map((running) => running.look()));
    const sum = (of: (look: (typeof looks)[number]) => number): number => looks.reduce((all, one) => all + of(one), 0);
    return {
      processes: sum((look) => look.processes),
      memoryBytes: sum((look) => look.residentBytes),
      diskBytes: await sizeOfTree(this.home),
    };
  }

  async stop(): Promise<void> {
    this.#stops++;
    await Promise.all([...this.#running].map((running) => running.kill()));
  }

  async delete(): Promise<void> {
    if (this.#isDeleted) return;
    let isOurs = true;
    try {
      this.#hold();
    } catch {
      // Somebody else's by now, or gone: nothing of it is this one's to remove.
      isOurs = false;
    }
    this.#isDeleted = true;
    await this.stop();
    await this.#door?.[Symbol.asyncDispose]();
    if (!isOurs) return;
    const gone = join(this.#parts.goneFolder, randomName());
    mkdirSync(this.#parts.goneFolder, { recursive: true, mode: 0o700 });
    await rename(this.#folder, gone);
    await removeTree(gone);
  }

  get #snapshots(): string {
    return join(this.#folder, inFolder.snapshots);
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

  async #line(command: SandboxCommand): Promise<string> {
    const bounds = boundsOf(this.#kept.limits);
    const uid = process.getuid?.();
    // The system counts all that this user runs together, and refuses the next one of it.
    const others = (await listProcesses(this.#parts.programs)).filter((one) => one.uid === uid).length;
    const processorS = Math.ceil(bounds.wallMs / 1_000) * availableParallelism();
    return [
      // Where this process is killed, its end of the channel closes: then all of the group goes with it.
      `( (read -r end <&4; kill -s KILL -- -$$) </dev/null >/dev/null 2>&1 & )`,
      `ulimit -t ${processorS} 2>/dev/null`,
      commandLine(command, { bounds: { ...bounds, processes: others + bounds.processes }, hasChannel: true }),
    ].join("; ");
  }

  #start(command: SandboxCommand, line: string): RunningCommand {
    const { programs, clock } = this.#parts;
    const { limits } = command;
    const bounds = boundsOf(this.#kept.limits);
    const temporary = join(this.#folder, inFolder.temporary);
    const profile = sandboxExecArguments({
      home: this.home,
      temporary,
      views: (this.#kept.views ?? []).map(({ from }) => from),
      guards: (this.#ghosts?.guards(this.#guarded) ?? []).map(({ path: guarded, isWritable }) => ({
        // As the disk spells it: on one that takes .ENV for .env the profile would not.
        at: realpathSync.native(join(this.home, guarded)),
        isWritable,
      })),
      proxyPort: this.#door?.address.port,
    });
    const running = new RunningCommand({
      programs,
      clock,
      args: [...profile, "/bin/sh", "-c", waitingScript()],
      environment: {
        PATH: path,
        HOME: this.home,
        LANG: "en_US.UTF-8",
        TMPDIR: temporary,
        ...(this.#door === undefined ? {} : doorEnvironment(this.#door.address)),
      },
      line,
      folder: this.#folder,
      mark: join(this.#folder, inFolder.mark),
      command,
      outputBytes: tighter(bounds.outputBytes, limits?.outputBytes),
      wallMs: tighter(bounds.wallMs, limits?.wallMs),
      memoryBytes: bounds.memoryBytes,
    });
    this.#running.add(running);
    return running;
  }
}

/** A sandbox's folder with what every one of them has in it. */
export function makeFolders(folder: string, { hasHome }: { readonly hasHome: boolean }): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, inFolder.temporary), { mode: 0o700 });
  if (hasHome) mkdirSync(join(folder, inFolder.home), { mode: 0o700 });
  writeFileSync(join(folder, inFolder.mark), "", { mode: 0o600 });
}
