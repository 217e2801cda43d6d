import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import { createGhosts } from "../home/ghost-keeper.ts";
import { makeHome } from "./home.ts";
import { isSandboxId, keep, readKept, takeLease } from "./kept.ts";
import { machineFolder, openMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { disown } from "./owner.ts";
import { Pool } from "./pool.ts";
import type { PoolOptions } from "./pool.ts";
import { probeBubblewrap } from "./probe.ts";
import { goneFolder, reapLeftovers } from "./reap.ts";
import { BubblewrapSandbox } from "./sandbox.ts";
import type { SandboxParts } from "./sandbox.ts";
import { isFolder, ownerOf, sourcePath } from "./seat.ts";
import { Spares } from "./spares.ts";
import { removeTree } from "../home/tree.ts";

export interface BubblewrapOptions {
  /** Where sandboxes are kept; made, readable for its owner alone. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the kernel over this folder: the newest has what it takes, older ones are refused. Default 0. */
  readonly generation?: number | undefined;
  readonly pool?: PoolOptions | undefined;
}

/** What a composition has of it beside the port. */
export interface Bubblewrap extends SandboxDriver, AsyncDisposable {
  /** Removes what earlier kernels left unfinished; done before the first sandbox in any case. */
  reap(): Promise<void>;
}

/** The process tier on Linux: namespaces by bubblewrap, a seccomp filter, the system's bounds, a wall clock. */
export function createBubblewrap(options: BubblewrapOptions): Bubblewrap {
  const { folder, clock, generation = 0, pool: { min = 1, max = 8, idleTtlMs = 60_000 } = {} } = options;
  const spares = new Spares({ clock, max, idleTtlMs });
  const pool = new Pool({ folder, clock, generation, min: Math.min(min, max), spares });
  const ghosts = createGhosts(join(folder, ".ghosts"));
  let reaped: Promise<void> | undefined;
  const reap = (): Promise<void> =>
    (reaped ??= (async () => {
      await reapLeftovers(folder, generation);
      ghosts.reap();
    })());
  let probed: Promise<SandboxProbe> | undefined;
  let machine: Machine | undefined;
  const open = async (): Promise<SandboxParts> => {
    const probe = await (probed ??= probeBubblewrap());
    if (probe.is === "missing") {
      probed = undefined;
      throw new SysError("ENOSYS", `no sandbox of the process tier here: ${probe.why}`, { hint: probe.fix });
    }
    await reap();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    machine ??= openMachine(machineFolder(folder, generation));
    return { machine, clock, generation, spares, ghosts, goneFolder: goneFolder(folder) };
  };
  const folderOf = (id: string): string => join(folder, id);

  return {
    name: "bubblewrap",
    tier: "process",
    probe: probeBubblewrap,
    async create(spec) {
      const parts = await open();
      const checked = checkSpec(spec);
      if (existsSync(folderOf(spec.id))) throw taken(spec.id);
      if (checked.workspace !== undefined) ghosts.of(checked.workspace).check(checked.guarded ?? []);
      const ready = pool.take(checked);
      const owner = ready ?? ownerOf(spec.id, checked.workspace);
      const kept = { ...checked, uid: owner.uid, gid: owner.gid, isRoots: owner.isRoots, nonce: randomUUID() };
      const beside = ready?.folder ?? join(folder, `.new-${generation}-${randomUUID()}`);
      if (!ready && kept.workspace === undefined) makeHome(beside, kept);
      takeLease(beside, { generation, nonce: kept.nonce });
      keep(beside, kept);
      try {
        // A folder takes the place of none but an empty one.
        renameSync(beside, folderOf(kept.id));
      } catch (cause) {
        await spares.end(beside);
        await removeTree(beside);
        throw taken(kept.id, cause);
      }
      spares.rename(beside, folderOf(kept.id));
      pool.refillSoon(checked, parts.machine);
      return new BubblewrapSandbox(kept, folderOf(kept.id), parts);
    },
    async attach(id): Promise<Sandbox | undefined> {
      if (!isSandboxId(id)) return undefined;
      const kept = readKept(folderOf(id));
      if (!kept) return undefined;
      const parts = await open();
      takeLease(folderOf(id), { generation, nonce: kept.nonce });
      return new BubblewrapSandbox(kept, folderOf(id), parts);
    },
    async list() {
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .filter(isSandboxId)
        .flatMap((name) => readKept(folderOf(name)) ?? [])
        .map(({ id, tenant }) => ({ id, tenant }));
    },
    reap,
    async [Symbol.asyncDispose]() {
      await pool.close();
      await spares.close();
      if (machine) disown(machineFolder(folder, generation));
    },
  };
}

/** @throws SysError EINVAL, ENOENT, EPOLICY */
function checkSpec(spec: SandboxSpec): SandboxSpec {
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
  if (guarded.length > 0 && home === undefined) {
    throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
  }
  return home === undefined ? spec : { ...spec, workspace: home };
}

const taken = (id: string, cause?: unknown): SysError =>
  new SysError("EEXIST", `there is a sandbox ${id} already`, { cause });
