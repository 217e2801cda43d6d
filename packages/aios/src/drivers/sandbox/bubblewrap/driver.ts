import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Sandbox, SandboxDriver, SandboxProbe } from "../../../kernel/ports.ts";
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
import { ownerOf } from "./seat.ts";
import { Spares } from "./spares.ts";
import { checkSpec } from "./spec.ts";
import { removeTree } from "../home/tree.ts";

export interface BubblewrapOptions {
  /** Where sandboxes are kept; made, readable for its owner alone. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the kernel over this folder: the newest has what it takes, older ones are refused. Default 0. */
  readonly generation?: number | undefined;
  readonly pool?: PoolOptions | undefined;
  /**
   * Whether a sandbox keeps a process that runs one command after the other, as long as they leave nothing outside of
   * the home folder; false: each command is in namespaces of its own. Default: where perl is.
   */
  readonly residents?: boolean | undefined;
}

/** What a composition has of it beside the port. */
export interface Bubblewrap extends SandboxDriver, AsyncDisposable {
  /** Removes what earlier kernels left unfinished; done before the first sandbox in any case. */
  reap(): Promise<void>;
}

/** The process tier on Linux: namespaces by bubblewrap, a seccomp filter, the system's bounds, a wall clock. */
export function createBubblewrap(options: BubblewrapOptions): Bubblewrap {
  const { folder, clock, generation = 0, residents, pool: { min = 1, max = 8, idleTtlMs = 60_000 } = {} } = options;
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
    machine ??= openMachine(machineFolder(folder, generation), { residents });
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
      if (!ready && (kept.workspace === undefined || kept.workspaceAt !== undefined)) makeHome(beside, kept);
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
      await machine?.pipes.close();
      if (machine) disown(machineFolder(folder, generation));
    },
  };
}

const taken = (id: string, cause?: unknown): SysError =>
  new SysError("EEXIST", `there is a sandbox ${id} already`, { cause });
