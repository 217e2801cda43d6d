import { randomBytes, randomUUID } from "node:crypto";
import { lstat, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxCommand, SandboxEvent, SandboxStats } from "../../../kernel/ports.ts";
import { readFileBelow, writeFileBelow } from "../home/files.ts";
import { refuseGuarded } from "../home/guards.ts";
import { copyTree, emptyTree, removeTree, sizeOfTree } from "../home/tree.ts";
import { endOfArchive, kinds, wholeEntry } from "./archive.ts";
import { cancelled, GuestCommand } from "./guest-command.ts";
import { home, jobScript, launchScript } from "./guest-job.ts";
import type { GuestJob } from "./guest-job.ts";
import { inside } from "./guest-programs.ts";
import type { Machine } from "./machine.ts";
import { packFile, packFolder } from "./pack-home.ts";
import type { Numbers } from "./pack-home.ts";
import { pinsOf } from "./pins.ts";
import type { SandboxRecord } from "./record.ts";
import { unpackHome } from "./unpack-home.ts";

export interface Surroundings {
  /** The sandbox's own folder: its record, its home unless that is a workspace, its snapshots. */
  readonly folder: string;
  readonly clock: Clock;
  /** Starts a machine with room for so much that is sent, beside what the command may have. */
  readonly start: (sentBytes: number) => Promise<Machine>;
  /** It is deleted. */
  readonly forget: () => void;
}

/**
 * A folder of the machine, and for each command a virtual machine of its own that gets a copy of it. What the command changed
 * there comes back when it has ended, whichever way; while it runs neither sees what the other side does. Commands side by
 * side each have their copy: of what both change, the later end counts. What a killed kernel's command did is lost.
 */
export class QemuSandbox implements Sandbox {
  readonly id: string;
  readonly tenant: TenantId;
  readonly home = home;
  readonly #around: Surroundings;
  readonly #record: SandboxRecord;
  readonly #running = new Set<GuestCommand>();
  #lastTurn: Promise<unknown> = Promise.resolve();
  #isDeleted = false;
  #deleting: Promise<void> | undefined;

  constructor(record: SandboxRecord, around: Surroundings) {
    this.id = record.id;
    this.tenant = record.tenant;
    this.#record = record;
    this.#around = around;
  }

  async *exec(command: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    this.#assertLive();
    const { argv, signal, environment = {}, folder = home } = command;
    const [program] = argv;
    if (program === undefined || program === "" || program.includes("="))
      throw new SysError("EINVAL", `"${program ?? ""}" is no program`, { hint: "argv begins with the program's name" });
    if ([...argv, folder, ...Object.entries(environment).flat()].some((text) => text.includes("\0")))
      throw new SysError("EINVAL", "a command's words hold no zero byte");
    if (!Object.keys(environment).every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
      throw new SysError("EINVAL", "a variable's name is made of letters, digits and _");
    if (signal.aborted) throw cancelled(signal);
    const running = this.#begin(command, { program, environment, folder });
    try {
      yield* running.events(signal);
    } finally {
      this.#running.delete(running);
    }
  }

  async upload(path: string, bytes: Uint8Array): Promise<void> {
    this.#assertLive();
    const { guarded, owner } = this.#record;
    refuseGuarded(path, guarded);
    await writeFileBelow(this.#folder, path, { bytes, owner });
  }

  async download(path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
    this.#assertLive();
    return await readFileBelow(this.#folder, path, maxBytes);
  }

  async snapshot(): Promise<string> {
    const name = randomUUID();
    await this.#quietly("a snapshot is taken", async () => {
      try {
        await copyTree(this.#folder, this.#snapshotAt(name));
      } catch (cause) {
        await removeTree(this.#snapshotAt(name));
        throw cause;
      }
    });
    return name;
  }

  /** A crash on the way leaves a part; the snapshot stays, and can be gone back to again. */
  async revert(snapshot: string): Promise<void> {
    const from = /^[0-9a-f-]{36}$/.test(snapshot) ? this.#snapshotAt(snapshot) : undefined;
    const stands = from === undefined ? undefined : await lstat(from).catch(() => undefined);
    this.#assertLive();
    if (from === undefined || !stands?.isDirectory())
      throw new SysError("ENOENT", `sandbox ${this.id} has no snapshot "${snapshot}"`);
    await this.#quietly("it is reverted", async () => {
      await emptyTree(this.#folder);
      await copyTree(from, this.#folder);
    });
  }

  /** `processes`: machines, one for each command; `memoryBytes`: what they have of this machine's. */
  async stats(): Promise<SandboxStats> {
    this.#assertLive();
    const all = await Promise.all([...this.#running].map((command) => command.stats()));
    return {
      processes: all.reduce((sum, { processes }) => sum + processes, 0),
      memoryBytes: all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      diskBytes: await sizeOfTree(this.#folder),
    };
  }

  async stop(): Promise<void> {
    this.#assertLive();
    await Promise.all([...this.#running].map((command) => command.kill()));
  }

  /** What fails can be tried again; after a crash on the way it is still listed. */
  async delete(): Promise<void> {
    this.#isDeleted = true;
    const deleting = (this.#deleting ??= this.#remove());
    deleting.catch(() => {
      if (this.#deleting === deleting) this.#deleting = undefined;
    });
    await deleting;
  }

  readonly pause = async (): Promise<void> => {
    this.#assertLive();
    await Promise.all([...this.#running].map((command) => command.freeze("stop")));
  };

  readonly resume = async (): Promise<void> => {
    this.#assertLive();
    await Promise.all([...this.#running].map((command) => command.freeze("cont")));
  };

  get #folder(): string {
    return this.#record.workspace ?? join(this.#around.folder, "home");
  }

  readonly #snapshotAt = (name: string): string => join(this.#around.folder, "snapshots", name);

  #begin(
    { argv, limits, input }: SandboxCommand,
    { program, environment, folder }: Pick<GuestJob, "environment" | "folder"> & { readonly program: string },
  ): GuestCommand {
    const { owner, guarded, views, limits: own } = this.#record;
    const lastWord = `aios-${randomUUID()}`;
    const given = new Map<string, boolean>();
    let sentBytes = 0;
    const running: GuestCommand = new GuestCommand({
      lastWord,
      program,
      wallMs: Math.min(own.wallMs, limits?.wallMs ?? own.wallMs),
      outputBytes: Math.min(own.outputBytes, limits?.outputBytes ?? own.outputBytes),
      start: async () => {
        const sizes = await Promise.all([this.#folder, ...views.map(({ from }) => from)].map(sizeOf));
        sentBytes = sizes.reduce((sum, size) => sum + size, Buffer.byteLength(input ?? ""));
        return await this.#around.start(sentBytes);
      },
      send: async (write) => {
        const pins = await pinsOf(this.#folder, guarded);
        const job: GuestJob = {
          argv,
          environment,
          folder,
          pins,
          views: views.map(({ at }) => at),
          hasInput: input !== undefined,
          ...own,
          lastWord,
          nowMs: this.#around.clock.nowMs(),
        };
        await this.#inTurn(async () => {
          for await (const piece of this.#archive(job, { input, given })) await write(piece);
        });
      },
      receive: (from, present) =>
        this.#inTurn(() =>
          unpackHome(from, {
            home: this.#folder,
            owner,
            guarded,
            given,
            present,
            mostBytes: 2 * (own.memoryBytes + sentBytes),
          }),
        ),
    });
    this.#running.add(running);
    return running;
  }

  /** All that a guest gets. */
  async *#archive(
    job: GuestJob,
    { input, given }: { readonly input: SandboxCommand["input"]; readonly given: Map<string, boolean> },
  ): AsyncGenerator<Buffer> {
    const { owner, views } = this.#record;
    const numbers: Numbers = { next: 1 };
    const roots = { uid: 0, gid: 0, modifiedSeconds: 0 };
    const folder = (path: string): Buffer =>
      wholeEntry({ ...roots, path, mode: kinds.folder | 0o755 }, new Uint8Array(), numbers.next++);
    const file = (path: string, content: Uint8Array | string): Buffer =>
      wholeEntry({ ...roots, path, mode: kinds.file | 0o644 }, Buffer.from(content), numbers.next++);
    yield folder("job");
    yield file("job/seed", randomBytes(64));
    yield file("job/run", jobScript(job));
    yield file("job/launch", launchScript(job));
    if (input !== undefined) yield file("job/input", input);
    const onPath = (path: string, isFolder: boolean): void => void given.set(path, isFolder);
    yield* packFolder(this.#folder, { at: "home", owner, inside, onPath }, numbers);
    yield folder("views");
    for (const [index, { from }] of views.entries()) {
      const pack = (await stat(from)).isDirectory() ? packFolder : packFile;
      yield* pack(from, { at: `views/${index}`, owner, inside }, numbers);
    }
    yield endOfArchive();
  }

  async #quietly(what: string, act: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      this.#assertLive();
      if (this.#running.size > 0)
        throw new SysError("EBUSY", `a command runs in sandbox ${this.id} while ${what}`, { hint: "stop it first" });
      await mkdir(join(this.#around.folder, "snapshots"), { recursive: true });
      await act();
    });
  }

  async #remove(): Promise<void> {
    const isKept = this.#record.workspace !== undefined;
    await Promise.all([...this.#running].map((command) => (isKept ? command.kill() : command.drop())));
    await this.#inTurn(async () => {
      const { folder, forget } = this.#around;
      // Its record goes last.
      for (const name of ["home", "snapshots"]) await removeTree(join(folder, name));
      await removeTree(folder);
      forget();
    });
  }

  /** One after the other. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(act);
    this.#lastTurn = turn.catch(() => undefined);
    return await turn;
  }

  #assertLive(): void {
    if (this.#isDeleted) throw new SysError("ESTALE", `sandbox ${this.id} was deleted`, { hint: "make another" });
  }
}

const sizeOf = async (path: string): Promise<number> => {
  const stands = await stat(path);
  return stands.isDirectory() ? await sizeOfTree(path) : stands.size;
};
