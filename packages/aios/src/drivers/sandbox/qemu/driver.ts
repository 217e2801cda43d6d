import { chown, mkdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import type { Owner } from "../home/files.ts";
import { removeTree } from "../home/tree.ts";
import { canUseKvm, findQemu } from "./find-qemu.ts";
import { readGuest } from "./guest.ts";
import type { Guest } from "./guest.ts";
import { pinsOf } from "./pins.ts";
import { readRecord, readRecords, writeRecord } from "./record.ts";
import type { Limits, SandboxRecord } from "./record.ts";
import { QemuSandbox } from "./sandbox.ts";
import { Templates } from "./template.ts";

const mebibyte = 1024 * 1024;
/** What a sandbox has where its spec says nothing. `memoryBytes`: of a command, and of all that it writes. */
const defaultLimits: Limits = {
  memoryBytes: 1024 * mebibyte,
  processes: 256,
  openFiles: 1024,
  fileBytes: 1024 * mebibyte,
  outputBytes: 8 * mebibyte,
  wallMs: 600_000,
};
/** All that a command is sent; it has to fit in the guest's memory. */
const mostSentBytes = 4096 * mebibyte;
/** Whose its own homes are where the kernel is root. */
const nobodySpecial: Owner = { uid: 1000, gid: 1000 };
/** A guest boots in 0.5 s by KVM and in 4 s under emulation; a machine that emulates may be busy. */
const bootMs = { kvm: 20_000, tcg: 120_000 } as const;

export interface QemuDriverOptions {
  /** Where sandboxes are kept: homes, snapshots, what the next kernel has to know. Made when it is not there. */
  readonly folder: string;
  /** What the guest consists of: see `guest.ts`. */
  readonly guest: string;
  readonly clock: Clock;
  /** Where guests that have booted are kept. Default: in `folder`. */
  readonly templates?: string | undefined;
  /** `auto`: KVM where a guest is seen to boot by it, else emulation. Default `auto`. */
  readonly accelerator?: "auto" | "kvm" | "tcg" | undefined;
  /** Processors of a machine. Default 1. */
  readonly cpus?: number | undefined;
}

interface Ready {
  readonly guest: Guest;
  readonly templates: Templates;
  readonly version: string;
}

/** Virtual machines by QEMU on Linux, x86-64: a guest's own kernel stands between a command and this one. No way out yet. */
export const createQemuDriver = (options: QemuDriverOptions): SandboxDriver => new QemuDriver(options);

class QemuDriver implements SandboxDriver {
  readonly name = "qemu";
  readonly tier = "vm";
  readonly #options: QemuDriverOptions;
  readonly #sandboxes = new Map<string, QemuSandbox>();
  /** Ids that are just being made. */
  readonly #making = new Set<string>();
  #ready: Promise<Ready> | undefined;

  constructor(options: QemuDriverOptions) {
    this.#options = options;
  }

  async probe(): Promise<SandboxProbe> {
    try {
      const { version } = await this.#open();
      return { is: "available", version };
    } catch (cause) {
      const fault = cause instanceof SysError ? cause : new SysError("EIO", String(cause), { cause });
      return { is: "missing", why: fault.message, fix: fault.hint ?? "aios doctor" };
    }
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const { id } = spec;
    if (!/^[a-z0-9]{1,32}$/.test(id))
      throw new SysError("EINVAL", `"${id}" is no id of a sandbox`, { hint: "1 to 32 of a-z and 0-9" });
    await this.#open();
    const taken = new SysError("EEXIST", `there is a sandbox ${id} already`, {
      hint: "delete it, or choose another id",
    });
    if (this.#making.has(id)) throw taken;
    this.#making.add(id);
    try {
      if (await readRecord(this.#folderOf(id))) throw taken;
      return this.#hold(await this.#prepare(spec));
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
    return this.#sandboxes.get(id) ?? this.#hold(record);
  }

  async list(): Promise<readonly { readonly id: string; readonly tenant: TenantId }[]> {
    return (await readRecords(this.#options.folder)).map(({ id, tenant }) => ({ id, tenant }));
  }

  async #prepare(spec: SandboxSpec): Promise<SandboxRecord> {
    const { id, tenant, guarded = [], limits } = spec;
    if (spec.egress !== undefined)
      throw new SysError("ENOSYS", "a virtual machine has no way out yet, and this sandbox is to have one", {
        hint: "use a sandbox without a way out, or of the container tier",
      });
    const workspace = spec.workspace === undefined ? undefined : await folderAt(spec.workspace);
    const views = await Promise.all(
      (spec.views ?? []).map(async ({ from, at }) => ({ from: await pathAt(from), at: insideAt(at) })),
    );
    if (guarded.length > 0 && workspace === undefined)
      throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
    if (workspace !== undefined) await pinsOf(workspace, guarded);
    const owner = await ownerOf(workspace);
    const folder = this.#folderOf(id);
    // What an unfinished one has left.
    await removeTree(folder);
    await mkdir(join(folder, "home"), { recursive: true, mode: 0o700 });
    if (process.getuid?.() === 0) await chown(join(folder, "home"), owner.uid, owner.gid);
    const named = Object.entries(limits ?? {}).filter(([, value]) => value !== undefined);
    const record: SandboxRecord = {
      id,
      tenant,
      ...(workspace === undefined ? {} : { workspace }),
      guarded,
      views,
      limits: { ...defaultLimits, ...Object.fromEntries(named) },
      owner,
    };
    await writeRecord(folder, record);
    return record;
  }

  /** Without a guest it runs nothing, and can still be emptied and deleted. */
  #hold(record: SandboxRecord): QemuSandbox {
    const { id, limits } = record;
    const sandbox: QemuSandbox = new QemuSandbox(record, {
      folder: this.#folderOf(id),
      clock: this.#options.clock,
      start: async (sentBytes) => {
        if (sentBytes > mostSentBytes)
          throw new SysError(
            "E2BIG",
            `${Math.ceil(sentBytes / mebibyte)} MiB are too much to be copied for a command`,
            {
              hint: "give it a smaller workspace, or use the container tier",
            },
          );
        const { guest, templates } = await this.#open();
        return await templates.start(guest, { usableBytes: limits.memoryBytes + 2 * sentBytes, name: `aios-${id}` });
      },
      forget: () => {
        if (this.#sandboxes.get(id) === sandbox) this.#sandboxes.delete(id);
      },
    });
    this.#sandboxes.set(id, sandbox);
    return sandbox;
  }

  /** Tried again after a failure: what is missing can be installed meanwhile. */
  #open(): Promise<Ready> {
    const opening = (this.#ready ??= this.#begin());
    opening.catch(() => {
      if (this.#ready === opening) this.#ready = undefined;
    });
    return opening;
  }

  async #begin(): Promise<Ready> {
    const {
      folder,
      guest: at,
      templates: kept = join(folder, ".templates"),
      accelerator = "auto",
      cpus = 1,
    } = this.#options;
    const { program, version } = await findQemu();
    const guest = await readGuest(at);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const wanted =
      accelerator !== "auto" ? [accelerator] : (await canUseKvm()) ? (["kvm", "tcg"] as const) : (["tcg"] as const);
    let fault: unknown;
    for (const one of wanted) {
      const templates = new Templates({ folder: kept, program, version, accelerator: one, cpus, bootMs: bootMs[one] });
      try {
        await templates.prove(guest);
        return { guest, templates, version: `${version}, ${one}, Linux ${guest.version}` };
      } catch (cause) {
        fault = cause;
      }
    }
    throw fault;
  }

  readonly #folderOf = (id: string): string => join(this.#options.folder, id);
}

async function pathAt(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new SysError("EINVAL", `"${path}" is no absolute path`);
  return await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
    throw new SysError("ENOENT", `there is no ${path}`, { cause });
  });
}

async function folderAt(path: string): Promise<string> {
  const found = await pathAt(path);
  if (found === "/") throw new SysError("EINVAL", "the whole machine cannot be the home folder of a sandbox");
  if ((await stat(found)).isDirectory()) return found;
  throw new SysError("EINVAL", `${path} is no folder`);
}

function insideAt(at: string): string {
  if (isAbsolute(at) && normalize(at) === at && !/^\/(|home|proc|dev|sys|run|tmp)(\/|$)/.test(at) && !at.endsWith("/"))
    return at;
  throw new SysError("EINVAL", `a view cannot be at "${at}"`, { hint: "say a path below /opt or /srv" });
}

/** Whose what comes back is; in the guest it is who runs commands there. */
async function ownerOf(workspace: string | undefined): Promise<Owner> {
  const [uid, gid] = [process.getuid?.() ?? nobodySpecial.uid, process.getgid?.() ?? nobodySpecial.gid];
  if (uid !== 0) return { uid, gid };
  if (workspace === undefined) return nobodySpecial;
  const stands = await stat(workspace);
  return { uid: stands.uid, gid: stands.gid };
}
