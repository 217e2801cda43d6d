import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { Clock, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import { isSandboxId, keep, readKept, takeLease } from "../bubblewrap/kept.ts";
import { createGhosts } from "../home/ghost-keeper.ts";
import { removeTree } from "../home/tree.ts";
import { refuseWrapped } from "../plain-spec.ts";
import { openDoor } from "./door.ts";
import type { Door, DoorAddress } from "./door.ts";
import { probeSeatbelt } from "./probe.ts";
import { systemPrograms } from "./programs.ts";
import type { SystemPrograms } from "./programs.ts";
import { makeFolders, SeatbeltSandbox } from "./sandbox.ts";
import type { SandboxParts } from "./sandbox.ts";

export interface SeatbeltOptions {
  /** Where sandboxes are kept; made, readable for its owner alone. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the kernel over this folder: the newest has what it takes, older ones are refused. Default 0. */
  readonly generation?: number | undefined;
  /** Default: macOS's own. */
  readonly programs?: SystemPrograms | undefined;
  /** Default: tries on this machine whether the profile holds. */
  readonly probe?: (() => Promise<SandboxProbe>) | undefined;
}

const leftover = /^\.new-(\d+)-/;
const goneName = ".gone";
const doorName = "door.json";
const doorSchema = z.object({ port: z.number(), word: z.string() });

/**
 * The process tier on macOS: a Seatbelt profile by sandbox-exec, the system's bounds, looks at the memory, a wall clock.
 * Written on Linux, against a sandbox-exec that holds nothing: not verified on a Mac.
 */
export function createSeatbelt(options: SeatbeltOptions): SandboxDriver {
  const { clock, generation = 0, programs = systemPrograms, probe = () => probeHere(programs) } = options;
  let opening: Promise<{ readonly folder: string; readonly parts: SandboxParts }> | undefined;
  const open = async (): Promise<{ readonly folder: string; readonly parts: SandboxParts }> => {
    const probed = await probe();
    if (probed.is === "missing") {
      throw new SysError("ENOSYS", `no sandbox of the process tier here: ${probed.why}`, { hint: probed.fix });
    }
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    // The profile speaks of folders as they are, not as links name them.
    const folder = realpathSync.native(options.folder);
    const ghosts = createGhosts(join(folder, ".ghosts"));
    const goneFolder = join(folder, goneName);
    await removeTree(goneFolder);
    for (const name of readdirSync(folder)) {
      const made = leftover.exec(name)?.[1];
      if (made !== undefined && Number(made) < generation) await removeTree(join(folder, name));
    }
    ghosts.reap();
    return { folder, parts: { programs, clock, generation, ghosts, goneFolder } };
  };
  const opened = (): Promise<{ readonly folder: string; readonly parts: SandboxParts }> =>
    (opening ??= open().catch((fault: unknown) => {
      opening = undefined;
      throw fault;
    }));

  return {
    name: "seatbelt",
    tier: "process",
    probe,
    async create(asked) {
      const spec = checkSpec(asked);
      refuseWrapped(spec, "seatbelt");
      const { folder, parts } = await opened();
      const at = join(folder, spec.id);
      if (existsSync(at)) throw taken(spec.id);
      if (spec.workspace !== undefined) parts.ghosts.of(spec.workspace).check(spec.guarded ?? []);
      const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
      const kept = { ...spec, uid, gid, isRoots: false, nonce: randomUUID() };
      const beside = join(folder, `.new-${generation}-${randomUUID()}`);
      makeFolders(beside, { hasHome: kept.workspace === undefined });
      const door = await doorOf(beside, spec.egress);
      try {
        takeLease(beside, { generation, nonce: kept.nonce });
        keep(beside, kept);
        // A folder takes the place of none but an empty one.
        renameSync(beside, at);
      } catch (cause) {
        await door?.[Symbol.asyncDispose]();
        await removeTree(beside);
        throw taken(kept.id, cause);
      }
      return new SeatbeltSandbox(kept, at, { parts, door });
    },
    async attach(id) {
      if (!isSandboxId(id) || !readKept(join(options.folder, id))) return undefined;
      const { folder, parts } = await opened();
      const at = join(folder, id);
      const kept = readKept(at);
      if (!kept) return undefined;
      takeLease(at, { generation, nonce: kept.nonce });
      return new SeatbeltSandbox(kept, at, { parts, door: await doorOf(at, kept.egress) });
    },
    async list() {
      const { folder } = options;
      return (existsSync(folder) ? readdirSync(folder) : [])
        .filter(isSandboxId)
        .flatMap((name) => readKept(join(folder, name)) ?? [])
        .map(({ id, tenant }) => ({ id, tenant }));
    },
  };
}

const probeHere = async (programs: SystemPrograms): Promise<SandboxProbe> =>
  process.platform === "darwin"
    ? probeSeatbelt(programs)
    : { is: "missing", why: "sandbox-exec is macOS's alone", fix: "use the bubblewrap or the container driver" };

/** At the port that it had under an earlier kernel: what was started then knows no other. */
async function doorOf(folder: string, egress: string | undefined): Promise<Door | undefined> {
  if (egress === undefined) return undefined;
  const record = join(folder, doorName);
  const door = await openDoor(egress, await readAddress(record));
  await writeFile(record, JSON.stringify(door.address), { mode: 0o600 });
  return door;
}

async function readAddress(record: string): Promise<DoorAddress | undefined> {
  if (!existsSync(record)) return undefined;
  try {
    return doorSchema.parse(JSON.parse(await readFile(record, "utf8")));
  } catch {
    // Cut short by a crash: nothing was started with it.
    return undefined;
  }
}

/** @throws SysError EINVAL, ENOENT */
function checkSpec(spec: SandboxSpec): SandboxSpec {
  const { id, workspace, guarded = [], views = [] } = spec;
  if (!isSandboxId(id)) {
    throw new SysError("EINVAL", `${JSON.stringify(id)} cannot be the id of a sandbox`, {
      hint: "use 1 to 32 small letters and digits",
    });
  }
  const shown = views.map(({ from, at }) => {
    const path = canonical(from, "view");
    if (at !== path) {
      throw new SysError("EINVAL", `a view of ${path} cannot be at ${JSON.stringify(at)}`, {
        hint: "nothing can be mounted on macOS: a view has its own path inside, say it as `at`",
      });
    }
    return { from: path, at };
  });
  const home = workspace === undefined ? undefined : canonical(workspace, "workspace");
  if (home !== undefined && !statSync(home).isDirectory()) throw new SysError("EINVAL", `${home} is no folder`);
  if (home === "/") throw new SysError("EINVAL", "the whole machine cannot be the home folder of a sandbox");
  if (guarded.length > 0 && home === undefined) {
    throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
  }
  return { ...spec, workspace: home, views: shown };
}

/** As the disk spells it, through no link. @throws SysError ENOENT */
function canonical(path: string, what: string): string {
  try {
    return realpathSync.native(path);
  } catch (cause) {
    throw new SysError("ENOENT", `there is no ${what} ${JSON.stringify(path)}`, { cause });
  }
}

const taken = (id: string, cause?: unknown): SysError =>
  new SysError("EEXIST", `there is a sandbox ${id} already`, { cause });
