import { existsSync, mkdirSync, readdirSync, renameSync, chownSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import { GhostKeeper } from "./ghost-keeper.ts";
import { isSandboxId, keep, readKept, takeLease } from "./kept.ts";
import type { Kept } from "./kept.ts";
import { openMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { probeBubblewrap } from "./probe.ts";
import { BubblewrapSandbox } from "./sandbox.ts";
import type { SandboxParts } from "./sandbox.ts";
import { isFolder, ownerOf, sourcePath } from "./seat.ts";
import { Spares } from "./spares.ts";
import { removeTree } from "./tree.ts";

export interface BubblewrapOptions {
  /** Where sandboxes are kept; made, readable for its owner alone. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the kernel over this folder: the newest has what it takes, older ones are refused. Default 0. */
  readonly generation?: number | undefined;
  readonly pool?: PoolOptions | undefined;
}

export interface PoolOptions {
  /** Started bubblewraps that wait for a command, all sandboxes together. Default 8. */
  readonly max?: number | undefined;
  /** Milliseconds after which one that nobody took is ended. Default 60,000. */
  readonly idleTtlMs?: number | undefined;
}

/** The process tier on Linux: namespaces by bubblewrap, a seccomp filter, the system's bounds, a wall clock. */
export function createBubblewrap(options: BubblewrapOptions): SandboxDriver & AsyncDisposable {
  const { folder, clock, generation = 0, pool = {} } = options;
  const spares = new Spares({ clock, max: pool.max ?? 8, idleTtlMs: pool.idleTtlMs ?? 60_000 });
  const goneFolder = join(folder, ".gone");
  let probed: Promise<SandboxProbe> | undefined;
  let machine: Machine | undefined;
  const open = async (): Promise<SandboxParts> => {
    const probe = await (probed ??= probeBubblewrap());
    if (probe.is === "missing") {
      probed = undefined;
      throw new SysError("ENOSYS", `no sandbox of the process tier here: ${probe.why}`, { hint: probe.fix });
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    machine ??= openMachine(join(folder, `.machine-${generation}`));
    return { machine, clock, generation, spares, goneFolder };
  };
  const folderOf = (id: string): string => join(folder, id);

  return {
    name: "bubblewrap",
    tier: "process",
    probe: probeBubblewrap,
    async create(spec) {
      const parts = await open();
      const kept = checkSpec(spec);
      if (existsSync(folderOf(kept.id))) throw new SysError("EEXIST", `there is a sandbox ${kept.id} already`);
      if (kept.workspace !== undefined) new GhostKeeper(kept.workspace, kept.guarded ?? [], folder).check();
      const beside = join(folder, `.new-${randomUUID()}`);
      takeLease(beside, generation);
      if (kept.workspace === undefined) makeHome(join(beside, "home"), kept);
      keep(beside, kept);
      try {
        // A folder takes the place of none but an empty one.
        renameSync(beside, folderOf(kept.id));
      } catch (cause) {
        await removeTree(beside);
        throw new SysError("EEXIST", `there is a sandbox ${kept.id} already`, { cause });
      }
      return new BubblewrapSandbox(kept, folderOf(kept.id), parts);
    },
    async attach(id): Promise<Sandbox | undefined> {
      if (!isSandboxId(id)) return undefined;
      const kept = readKept(folderOf(id));
      if (!kept) return undefined;
      const parts = await open();
      takeLease(folderOf(id), generation);
      return new BubblewrapSandbox(kept, folderOf(id), parts);
    },
    async list() {
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .filter(isSandboxId)
        .flatMap((name) => readKept(folderOf(name)) ?? [])
        .map(({ id, tenant }) => ({ id, tenant }));
    },
    [Symbol.asyncDispose]: () => spares.close(),
  };
}

/** @throws SysError EINVAL, ENOENT, EPOLICY */
function checkSpec(spec: SandboxSpec): Kept {
  const { id, workspace, guarded = [], views = [], egress } = spec;
  if (!isSandboxId(id)) {
    throw new SysError("EINVAL", `${JSON.stringify(id)} cannot be the id of a sandbox`, {
      hint: "use 1 to 32 small letters and digits",
    });
  }
  for (const { from, at } of views) {
    if (!isAbsolute(at) || normalize(at) !== at || at === "/" || /^\/(home|proc|dev|etc)(\/|$)/.test(at)) {
      throw new SysError("EINVAL", `a view cannot be at ${JSON.stringify(at)}`, {
        hint: "say a path below /opt or /srv",
      });
    }
    sourcePath(from, "view");
  }
  if (egress !== undefined) sourcePath(egress, "proxy socket");
  const home = workspace === undefined ? undefined : sourcePath(workspace, "workspace");
  if (home !== undefined && !isFolder(home)) throw new SysError("EINVAL", `${home} is no folder`);
  if (home === "/") throw new SysError("EINVAL", "the whole machine cannot be the home folder of a sandbox");
  const kept = { ...spec, ...(home === undefined ? {} : { workspace: home }), ...ownerOf(id, home) };
  if (guarded.length > 0 && home === undefined) {
    throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
  }
  return kept;
}

function makeHome(home: string, { uid, gid }: Kept): void {
  mkdirSync(home, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(home, uid, gid);
}
