import { createHash } from "node:crypto";
import { chown, mkdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { Sandbox, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import type { Owner } from "../home/files.ts";
import { createGhosts } from "../home/ghost-keeper.ts";
import type { Ghosts } from "../home/ghost-keeper.ts";
import { removeTree } from "../home/tree.ts";
import { refuseWrapped } from "../plain-spec.ts";
import { Engine } from "./engine.ts";
import { readRecord, readRecords, writeRecord } from "./record.ts";
import type { Limits, SandboxRecord } from "./record.ts";
import { DockerSandbox } from "./sandbox.ts";
import { seccompProfile } from "./seccomp-profile.ts";

const mebibyte = 1024 * 1024;
/** What a sandbox has where its spec says nothing. */
const defaultLimits: Limits = {
  memoryBytes: 2048 * mebibyte,
  processes: 256,
  openFiles: 1024,
  fileBytes: 1024 * mebibyte,
  outputBytes: 8 * mebibyte,
  wallMs: 600_000,
};
/** Whom a kernel that runs as root lets its sandboxes run as. */
const nobodySpecial: Owner = { uid: 1000, gid: 1000 };
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface DockerDriverOptions {
  /** Where sandboxes are kept: homes, snapshots, what the next kernel has to know. Made when it is not there. */
  readonly folder: string;
  /** Unix sockets where an engine may answer; the first that does is used. */
  readonly sockets: readonly string[];
  /** What a sandbox consists of; it has a POSIX shell and `env`, and is never pulled from here. */
  readonly image: string;
  /** Processors of one command, or parts of one. Default 1. */
  readonly cpus?: number;
}

/** Containers by the API that Docker and Podman speak. What is kept is kept in folders: an engine that is away loses nothing. */
export const createDockerDriver = (options: DockerDriverOptions): SandboxDriver => new DockerDriver(options);

interface Ready {
  readonly engine: Engine;
  readonly path: string;
  readonly seccomp: string;
}

const imageAnswer = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }).nullish() });
const containersAnswer = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() }));

class DockerDriver implements SandboxDriver {
  readonly name = "docker";
  readonly tier = "container";
  readonly #options: DockerDriverOptions;
  readonly #sandboxes = new Map<string, DockerSandbox>();
  /** Ids that are just being made. */
  readonly #making = new Set<string>();
  readonly #ghosts: Ghosts;
  #ready: Promise<Ready> | undefined;

  constructor(options: DockerDriverOptions) {
    this.#options = options;
    this.#ghosts = createGhosts(join(options.folder, ".ghosts"));
  }

  async probe(): Promise<SandboxProbe> {
    try {
      const { engine } = await this.#open();
      return { is: "available", version: engine.version };
    } catch (cause) {
      const fault = asSysError(cause);
      return { is: "missing", why: fault.message, fix: fault.hint ?? "aios doctor" };
    }
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const { id, tenant } = spec;
    if (!/^[a-z0-9]{1,32}$/.test(id))
      throw new SysError("EINVAL", `"${id}" is no id of a sandbox`, { hint: "1 to 32 of a-z and 0-9" });
    refuseWrapped(spec, this.name);
    const ready = await this.#open();
    const taken = new SysError("EEXIST", `there is a sandbox ${id} already`, {
      hint: "delete it, or choose another id",
    });
    if (this.#making.has(id)) throw taken;
    this.#making.add(id);
    try {
      if (await readRecord(this.#folderOf(id))) throw taken;
      const record = await this.#prepare({ ...spec, id, tenant }, ready);
      return this.#hold(record, ready);
    } finally {
      this.#making.delete(id);
    }
  }

  async attach(id: string): Promise<Sandbox | undefined> {
    const held = this.#sandboxes.get(id);
    if (held) return held;
    if (!/^[a-z0-9]{1,32}$/.test(id)) return undefined;
    const record = await readRecord(this.#folderOf(id));
    if (!record) return undefined;
    const ready = await this.#open();
    await this.#endCommandsOf(id, ready);
    if (record.workspace !== undefined) this.#ghosts.of(record.workspace).check([]);
    return this.#sandboxes.get(id) ?? this.#hold(record, ready);
  }

  async list(): Promise<readonly { readonly id: string; readonly tenant: TenantId }[]> {
    return (await readRecords(this.#options.folder)).map(({ id, tenant }) => ({ id, tenant }));
  }

  async #prepare(spec: SandboxSpec, { engine }: Ready): Promise<SandboxRecord> {
    const { id, tenant, guarded = [], limits } = spec;
    const workspace = spec.workspace === undefined ? undefined : await folderAt(spec.workspace);
    const owner = await ownerOf(workspace, engine);
    const views = await Promise.all(
      (spec.views ?? []).map(async ({ from, at }) => ({ from: await pathAt(from), at: inside(at) })),
    );
    if (workspace !== undefined) this.#ghosts.of(workspace).check(guarded);
    const egress = spec.egress === undefined ? undefined : await socketAt(spec.egress);
    const folder = this.#folderOf(id);
    // What an unfinished one has left.
    await removeTree(folder);
    await mkdir(join(folder, "home"), { recursive: true, mode: 0o700 });
    if (process.getuid?.() === 0) await chown(join(folder, "home"), owner.uid, owner.gid);
    const { image } = this.#options;
    const named = Object.entries(limits ?? {}).filter(([, value]) => value !== undefined);
    const record: SandboxRecord = {
      id,
      tenant,
      ...(workspace === undefined ? {} : { workspace }),
      guarded: workspace === undefined ? [] : guarded,
      views,
      ...(egress === undefined ? {} : { egress }),
      image,
      limits: { ...defaultLimits, ...Object.fromEntries(named) },
      owner,
    };
    await writeRecord(folder, record);
    return record;
  }

  #hold(record: SandboxRecord, { engine, path, seccomp }: Ready): DockerSandbox {
    const { id } = record;
    const sandbox: DockerSandbox = new DockerSandbox(record, {
      engine,
      path,
      seccomp,
      cpus: this.#options.cpus ?? 1,
      folder: this.#folderOf(id),
      name: `aios-${this.#home}-${id}`,
      labels: { ...this.#labels(id), "aios.tenant": record.tenant },
      ghosts: this.#ghosts,
      forget: () => {
        if (this.#sandboxes.get(id) === sandbox) this.#sandboxes.delete(id);
      },
    });
    this.#sandboxes.set(id, sandbox);
    return sandbox;
  }

  /** Of an earlier kernel: what they print is read by nobody. */
  async #endCommandsOf(id: string, { engine }: Ready): Promise<void> {
    const label = Object.entries(this.#labels(id)).map((pair) => pair.join("="));
    const found = await engine.do("GET", "/containers/json", {
      query: { all: "true", filters: JSON.stringify({ label }) },
    });
    for (const { Id } of containersAnswer.parse(found))
      await engine.ask("DELETE", `/containers/${Id}`, { query: { force: "true", v: "true" } });
  }

  /** Tried again after a failure: an engine can be started meanwhile. */
  #open(): Promise<Ready> {
    const opening = (this.#ready ??= this.#begin());
    opening.catch(() => {
      if (this.#ready === opening) this.#ready = undefined;
    });
    return opening;
  }

  async #begin(): Promise<Ready> {
    const { folder, image } = this.#options;
    const engine = await this.#findEngine();
    const { status, body } = await engine.ask("GET", `/images/${image}/json`);
    if (status !== 200)
      throw new SysError("ENOSYS", `the container engine has no image ${image}`, {
        hint: `${engine.isPodman ? "podman" : "docker"} pull ${image}`,
      });
    const environment = imageAnswer.parse(body).Config?.Env ?? [];
    const path = environment.find((pair) => pair.startsWith("PATH="))?.slice("PATH=".length) ?? defaultPath;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const profile = JSON.stringify(seccompProfile());
    if (!engine.isPodman) return { engine, path, seccomp: profile };
    // Podman takes a path where Docker takes the text.
    const at = join(await realpath(folder), ".seccomp.json");
    await rm(at, { force: true });
    await writeFile(at, profile, { mode: 0o644 });
    return { engine, path, seccomp: at };
  }

  async #findEngine(): Promise<Engine> {
    const faults: SysError[] = [];
    for (const socket of this.#options.sockets) {
      try {
        return await Engine.open(socket);
      } catch (cause) {
        faults.push(asSysError(cause));
      }
    }
    const tooOld = faults.find(({ code }) => code === "ENOSYS");
    throw (
      tooOld ??
      new SysError("ENOSYS", "no container engine answers", {
        hint: "start one: systemctl start docker, or systemctl start podman.socket",
        cause: faults[0],
      })
    );
  }

  readonly #folderOf = (id: string): string => join(this.#options.folder, id);

  readonly #labels = (id: string): Readonly<Record<string, string>> => ({
    "aios.home": this.#home,
    "aios.sandbox": id,
  });

  /** Homes that share an engine do not take each other's containers for theirs. */
  get #home(): string {
    return createHash("sha256").update(this.#options.folder).digest("hex").slice(0, 12);
  }
}

const asSysError = (cause: unknown): SysError =>
  cause instanceof SysError ? cause : new SysError("EIO", String(cause), { cause });

async function pathAt(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new SysError("EINVAL", `"${path}" is no absolute path`);
  return await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
    throw new SysError("ENOENT", `there is no ${path}`, { cause });
  });
}

async function folderAt(path: string): Promise<string> {
  const found = await pathAt(path);
  if ((await stat(found)).isDirectory()) return found;
  throw new SysError("EINVAL", `${path} is no folder`);
}

async function socketAt(path: string): Promise<string> {
  const found = await pathAt(path);
  if ((await stat(found)).isSocket()) return found;
  throw new SysError("EINVAL", `${path} is no socket`);
}

function inside(at: string): string {
  if (isAbsolute(at) && !at.split("/").includes("..") && at !== "/") return at;
  throw new SysError("EINVAL", `a view at "${at}"`, { hint: "it is an absolute path inside, below /" });
}

/** Whom commands run as: never root, and whoever owns what they write. */
async function ownerOf(workspace: string | undefined, engine: Engine): Promise<Owner> {
  const [uid, gid] = [process.getuid?.() ?? nobodySpecial.uid, process.getgid?.() ?? nobodySpecial.gid];
  if (engine.isRootless && !engine.isPodman)
    throw new SysError("ENOSYS", "rootless Docker shows a folder of this user's as root's", {
      hint: "use rootless Podman, which keeps users apart as they are, or Docker that runs as root",
    });
  if (uid !== 0) return { uid, gid };
  if (workspace === undefined) return nobodySpecial;
  const stands = await stat(workspace);
  if (stands.uid !== 0) return { uid: stands.uid, gid: stands.gid };
  throw new SysError("ENOSYS", `${workspace} belongs to root, and no command in a container runs as root`, {
    hint: `chown -R 1000:1000 ${workspace}, or run AIOS as a user of its own`,
  });
}
