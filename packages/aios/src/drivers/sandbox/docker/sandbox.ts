import { randomUUID } from "node:crypto";
import { chown, lstat, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Sandbox, SandboxCommand, SandboxEvent, SandboxStats } from "../../../kernel/ports.ts";
import { readFileBelow, writeFileBelow } from "../home/files.ts";
import type { Owner } from "../home/files.ts";
import type { GhostKeeper, Ghosts } from "../home/ghost-keeper.ts";
import { refuseGuarded } from "../home/guards.ts";
import { copyTree, emptyTree, removeTree, sizeOfTree } from "../home/tree.ts";
import { cancelled, ContainerCommand } from "./container-command.ts";
import { containerOf, home } from "./container.ts";
import type { Engine } from "./engine.ts";
import type { SandboxRecord } from "./record.ts";

export interface Surroundings {
  readonly engine: Engine;
  /** The sandbox's own folder: its record, its home unless that is a workspace, its snapshots. */
  readonly folder: string;
  /** Begins the name of every container of it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the image. */
  readonly path: string;
  readonly seccomp: string;
  readonly cpus: number;
  readonly ghosts: Ghosts;
  /** It is deleted. */
  readonly forget: () => void;
}

/**
 * A folder of the machine, and for each command a container that sees it. After a crash the folder is found again; a command that
 * nobody reads any more is killed by whoever finds it.
 */
export class DockerSandbox implements Sandbox {
  readonly id: string;
  readonly tenant: TenantId;
  readonly home = home;
  readonly #around: Surroundings;
  readonly #running = new Set<ContainerCommand>();
  readonly #record: SandboxRecord;
  /** Undefined: nothing is guarded. */
  readonly #ghosts: GhostKeeper | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  /** Commands that are about to run: nothing may change the folder under them. */
  #starting = 0;
  #isDeleted = false;
  #deleting: Promise<void> | undefined;

  constructor(record: SandboxRecord, around: Surroundings) {
    this.id = record.id;
    this.tenant = record.tenant;
    this.#record = record;
    this.#around = around;
    const { workspace, guarded } = record;
    this.#ghosts = workspace === undefined || guarded.length === 0 ? undefined : around.ghosts.of(workspace);
  }

  async *exec(command: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    this.#assertLive();
    const { argv, signal, environment = {}, input, folder = home } = command;
    const [program] = argv;
    if (program === undefined || program === "" || program.includes("="))
      throw new SysError("EINVAL", `"${program ?? ""}" is no program`, { hint: "argv begins with the program's name" });
    if ([...argv, folder, ...Object.entries(environment).flat()].some((text) => text.includes("\0")))
      throw new SysError("EINVAL", "a command's words hold no zero byte");
    if (!Object.keys(environment).every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
      throw new SysError("EINVAL", "a variable's name is made of letters, digits and _");
    if (signal.aborted) throw cancelled(signal);
    // A container outlives a kernel that is killed.
    this.#ghosts?.hold();
    try {
      const running = await this.#begin(command, { program, environment, input, folder });
      try {
        yield* running.events(signal);
      } finally {
        this.#running.delete(running);
      }
    } finally {
      this.#ghosts?.release();
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
    await this.#kill();
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
    await Promise.all([...this.#running].map((command) => command.freeze("pause")));
  };

  readonly resume = async (): Promise<void> => {
    this.#assertLive();
    await Promise.all([...this.#running].map((command) => command.freeze("unpause")));
  };

  get #folder(): string {
    return this.#record.workspace ?? join(this.#around.folder, "home");
  }

  readonly #snapshotAt = (name: string): string => join(this.#around.folder, "snapshots", name);

  async #begin(
    { argv, limits }: SandboxCommand,
    {
      program,
      environment,
      input,
      folder: workingFolder,
    }: Required<Pick<SandboxCommand, "environment" | "folder">> & {
      readonly program: string;
      readonly input: string | Uint8Array | undefined;
    },
  ): Promise<ContainerCommand> {
    const { engine, name, labels, path, seccomp, cpus } = this.#around;
    const { image, owner, views, egress, limits: own } = this.#record;
    this.#starting++;
    try {
      const guards = this.#ghosts?.guards(this.#record.guarded) ?? [];
      if (egress !== undefined) await admit(owner, egress);
      this.#assertLive();
      const lastWord = `aios-${randomUUID()}`;
      const running = new ContainerCommand({
        engine,
        name: `${name}-${randomUUID().slice(0, 8)}`,
        lastWord,
        program,
        input: input === undefined ? undefined : Buffer.from(input),
        wallMs: Math.min(own.wallMs, limits?.wallMs ?? own.wallMs),
        outputBytes: Math.min(own.outputBytes, limits?.outputBytes ?? own.outputBytes),
        container: containerOf({
          image,
          labels,
          owner,
          folder: this.#folder,
          guards,
          views,
          egress,
          limits: own,
          cpus,
          seccomp,
          keepsId: engine.isPodman && engine.isRootless,
          path,
          argv,
          environment: environment ?? {},
          workingFolder: workingFolder ?? home,
          hasInput: input !== undefined,
          lastWord,
        }),
      });
      this.#running.add(running);
      return running;
    } finally {
      this.#starting--;
    }
  }

  async #quietly(what: string, act: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      this.#assertLive();
      if (this.#running.size + this.#starting > 0)
        throw new SysError("EBUSY", `a command runs in sandbox ${this.id} while ${what}`, { hint: "stop it first" });
      await mkdir(join(this.#around.folder, "snapshots"), { recursive: true });
      await act();
    });
  }

  async #remove(): Promise<void> {
    await this.#kill();
    await this.#inTurn(async () => {
      const { folder, forget } = this.#around;
      // Its record goes last.
      for (const name of ["home", "snapshots"]) await removeTree(join(folder, name));
      await removeTree(folder);
      forget();
    });
  }

  async #kill(): Promise<void> {
    await Promise.all([...this.#running].map((command) => command.kill()));
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

/** Commands are not root, as a kernel may be: its proxy's socket, which is this sandbox's alone, is given to them. */
async function admit({ uid, gid }: Owner, socket: string): Promise<void> {
  const stands = await stat(socket).catch((cause: unknown) => {
    throw new SysError("EIO", `the proxy's socket ${socket} is gone`, { cause });
  });
  if (process.getuid?.() === 0 && stands.uid !== uid && (stands.mode & 0o002) === 0) await chown(socket, uid, gid);
}
