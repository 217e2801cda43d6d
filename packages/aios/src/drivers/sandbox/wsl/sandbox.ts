import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import { holdLease } from "../bubblewrap/kept.ts";
import type { Kept } from "../bubblewrap/kept.ts";
import { boundsOf, tighter } from "../bubblewrap/limits.ts";
import { bubblewrapArguments, homeInside } from "../bubblewrap/profile.ts";
import { commandLine } from "../bubblewrap/script.ts";
import { cleanEnvironment } from "../bubblewrap/seat.ts";
import type { GhostKeeper, Ghosts } from "../home/ghost-keeper.ts";
import { refuseGuarded } from "../home/guards.ts";
import { isPathBelow } from "../home/path-below.ts";
import { canceled, heldLine, WslCommand, wslHandles } from "./command.ts";
import { quoted } from "./distribution.ts";
import { readCommand, refusal, writeCommand } from "./home.ts";
import type { WslMachine } from "./machine.ts";

export interface WslParts {
  readonly machine: WslMachine;
  readonly clock: Clock;
  readonly generation: number;
  readonly ghosts: Ghosts;
  /** On Windows: where a deleted folder goes before it is removed. */
  readonly goneFolder: string;
}

/** What is read inside before the command: one line, by which it is told. */
const telling = `n='
'
IFS= read -r s || exit 125
eval "$s"`;
/** Of the home folder as a whole: as root of a user namespace of its own, so that what a command has shut is no obstacle. */
const asOwner = "unshare --map-root-user";

/** One sandbox: a folder on Windows that says what it is, a folder of Linux with what it has, a bubblewrap for each command. */
export class WslSandbox implements Sandbox {
  readonly home = homeInside;
  readonly #kept: Kept;
  readonly #folder: string;
  readonly #parts: WslParts;
  /** In the distribution. */
  readonly #at: { readonly home: string; readonly runs: string; readonly snapshots: string; readonly own: string };
  readonly #views: readonly { readonly from: string; readonly at: string }[];
  readonly #ghosts: GhostKeeper | undefined;
  readonly #running = new Set<WslCommand>();
  /** Commands that have begun and not ended. */
  #commands = 0;
  /** Grows with each stop: what was begun before it does not run after it. */
  #stops = 0;
  #isDeleted = false;

  /** `paths`: of the workspace and the views, in the distribution. */
  constructor(
    kept: Kept,
    folder: string,
    { parts, workspace, views }: { parts: WslParts; workspace: string | undefined; views: readonly string[] },
  ) {
    this.#kept = kept;
    this.#folder = folder;
    this.#parts = parts;
    const own = ownFolder(parts.machine, kept);
    this.#at = { own, home: workspace ?? `${own}/home`, runs: `${own}/runs`, snapshots: `${own}/snapshots` };
    this.#views = (kept.views ?? []).map(({ at }, index) => ({ from: views[index] ?? "", at }));
    const isGuarded = (kept.guarded ?? []).length > 0 && kept.workspace !== undefined;
    this.#ghosts = isGuarded ? parts.ghosts.of(kept.workspace!) : undefined;
  }

  get id(): string {
    return this.#kept.id;
  }

  get tenant(): Kept["tenant"] {
    return this.#kept.tenant;
  }

  async *exec(command: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    const { signal } = command;
    if (signal.aborted) throw canceled(signal);
    this.#hold();
    const stops = this.#stops;
    this.#commands++;
    this.#ghosts?.enter();
    try {
      const running = this.#start(command);
      this.#running.add(running);
      if (stops !== this.#stops) void running.kill();
      const onAbort = (): void => void running.kill();
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

  async upload(path: string, bytes: Uint8Array): Promise<void> {
    this.#hold();
    if (isPathBelow(path)) refuseGuarded(path, this.#kept.guarded ?? []);
    const { code } = await this.#inside(writeCommand(path), { input: bytes, outputBytes: 0 });
    if (code !== 0) throw refusal(code, path);
  }

  async download(path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
    this.#hold();
    const { code, out } = await this.#inside(readCommand(path, maxBytes), { outputBytes: maxBytes + 1 });
    if (code !== 0) throw refusal(code, path, maxBytes);
    // It may grow while it is read.
    if (out.length > maxBytes) throw refusal(13, path, maxBytes);
    return out;
  }

  async snapshot(): Promise<string> {
    this.#holdStill();
    const name = randomUUID().replaceAll("-", "");
    const [at, home] = [quoted(`${this.#at.snapshots}/${name}`), quoted(this.#at.home)];
    await this.#run(
      `mkdir -p ${at}.part && ${asOwner} cp -a --reflink=auto -- ${home}/. ${at}.part && mv -T ${at}.part ${at}`,
    );
    return name;
  }

  async revert(snapshot: string): Promise<void> {
    this.#holdStill();
    const [at, home] = [quoted(`${this.#at.snapshots}/${snapshot}`), quoted(this.#at.home)];
    const isThere =
      /^[0-9a-f]{32}$/.test(snapshot) && (await this.#run(`[ -d ${at} ] && echo yes || echo no`)).startsWith("yes");
    if (!isThere) throw new SysError("ENOENT", `sandbox ${this.id} has no snapshot ${JSON.stringify(snapshot)}`);
    const empty = `${asOwner} find ${home} -mindepth 1 -xdev -delete`;
    await this.#run(`${empty} && ${asOwner} cp -a --reflink=auto -- ${at}/. ${home}`);
  }

  async stats(): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    this.#hold();
    const { home, runs } = this.#at;
    const said = await this.#run(`${heldLine(runs)}; ${asOwner} du -s -k -x ${quoted(home)} | cut -f1`);
    const lines = said.trim().split("\n");
    const held = lines.slice(0, -1).map((line) => line.split(" ").map(Number));
    return {
      processes: held.reduce((sum, [, count = 0]) => sum + count, 0),
      memoryBytes: held.reduce((sum, [kibibytes = 0]) => sum + kibibytes * 1024, 0),
      diskBytes: Number(lines.at(-1)) * 1024,
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
    if (!isOurs) return;
    const gone = join(this.#parts.goneFolder, randomUUID());
    mkdirSync(this.#parts.goneFolder, { recursive: true, mode: 0o700 });
    await rename(this.#folder, gone);
    await this.#run(`${asOwner} find ${quoted(this.#at.own)} -xdev -delete`);
    await rm(gone, { recursive: true, force: true });
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

  #run(line: string): Promise<string> {
    return this.#parts.machine.distribution.run(line);
  }

  /** A command of the driver's own, bounded by time alone. */
  async #inside(
    argv: readonly string[],
    { input, outputBytes }: { readonly input?: Uint8Array; readonly outputBytes: number },
  ): Promise<{ readonly code: number | null; readonly out: Uint8Array }> {
    const running = this.#start({ argv, signal: new AbortController().signal, ...(input && { input }) }, outputBytes);
    const pieces: Uint8Array[] = [];
    let code: number | null = null;
    for await (const event of running.read()) {
      if (event.type === "ended") code = event.code;
      else if (event.stream === "stdout") pieces.push(event.bytes);
    }
    return { code, out: Buffer.concat(pieces) };
  }

  #start(command: SandboxCommand, ownOutputBytes?: number): WslCommand {
    const { machine, clock } = this.#parts;
    const bounds = boundsOf(this.#kept.limits);
    const profile = bubblewrapArguments({
      workspace: { from: this.#at.home, at: homeInside },
      home: undefined,
      etc: machine.etc,
      views: this.#views,
      hidden: [],
      guards: this.#ghosts?.guards(this.#kept.guarded ?? []) ?? [],
      sockets: [],
      system: machine.system,
      seccomp: wslHandles.seccomp,
      status: wslHandles.status,
      hasSession: false,
      isFirst: false,
    });
    return new WslCommand({
      distribution: machine.distribution,
      clock,
      folder: this.#at.runs,
      filter: machine.filter,
      argv: ["bwrap", ...profile, "--", "/bin/sh", "-c", telling],
      told: commandLine(command, { bounds, hasChannel: true }),
      environment: cleanEnvironment,
      command,
      outputBytes: ownOutputBytes ?? tighter(bounds.outputBytes, command.limits?.outputBytes),
      wallMs: tighter(bounds.wallMs, command.limits?.wallMs),
      memoryBytes: bounds.memoryBytes,
    });
  }
}

/** In the distribution. No other sandbox has it, one with the same id neither. */
export const ownFolder = ({ folder }: WslMachine, { nonce }: Pick<Kept, "nonce">): string => `${folder}/${nonce}`;
