import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { isAbsolute, join, posix } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import { isSandboxId, keep, readKept, takeLease } from "../bubblewrap/kept.ts";
import type { Kept } from "../bubblewrap/kept.ts";
import { createGhosts } from "../home/ghost-keeper.ts";
import { refuseWrapped } from "../plain-spec.ts";
import { quoted } from "./distribution.ts";
import type { WslProgram } from "./distribution.ts";
import { openWslMachine } from "./machine.ts";
import { findDistribution } from "./probe.ts";
import type { Found } from "./probe.ts";
import { ownFolder, WslSandbox } from "./sandbox.ts";
import type { WslParts } from "./sandbox.ts";

export interface WslOptions {
  /** Where it is kept which sandboxes there are, on Windows; made. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the kernel over this folder: the newest has what it takes, older ones are refused. Default 0. */
  readonly generation?: number | undefined;
  readonly program: WslProgram;
  /** Default: the machine's default distribution. */
  readonly distribution?: string | undefined;
  /** Default: `win32`'s alone. */
  readonly platform?: NodeJS.Platform | undefined;
}

const goneName = ".gone";
const leftover = /^\.new-(\d+)-/;

/**
 * The process tier on Windows: the bubblewrap of a WSL 2 distribution, with the profile and the filter that Linux has.
 * Written on Linux, against a wsl.exe that runs programs there: not verified on Windows.
 */
export function createWsl(options: WslOptions): SandboxDriver {
  const { folder, clock, generation = 0, program, distribution, platform = process.platform } = options;
  const find = async (): Promise<Found> =>
    platform === "win32"
      ? findDistribution(program, distribution)
      : { is: "missing", why: "WSL is Windows's alone", fix: "use the bubblewrap or the container driver" };
  let opening: Promise<WslParts> | undefined;
  const open = async (): Promise<WslParts> => {
    const found = await find();
    if (found.is === "missing") {
      throw new SysError("ENOSYS", `no sandbox of the process tier here: ${found.why}`, { hint: found.fix });
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const ghosts = createGhosts(join(folder, ".ghosts"));
    const machine = await openWslMachine(found.distribution, { owner: folder, generation });
    await rm(join(folder, goneName), { recursive: true, force: true });
    for (const name of readdirSync(folder)) {
      const made = leftover.exec(name)?.[1];
      if (made !== undefined && Number(made) < generation)
        await rm(join(folder, name), { recursive: true, force: true });
    }
    ghosts.reap();
    return { machine, clock, generation, ghosts, goneFolder: join(folder, goneName) };
  };
  const opened = (): Promise<WslParts> =>
    (opening ??= open().catch((fault: unknown) => {
      opening = undefined;
      throw fault;
    }));
  const sandboxOf = async (parts: WslParts, kept: Kept, at: string): Promise<WslSandbox> => {
    const { distribution: inside } = parts.machine;
    const { workspace, views = [] } = kept;
    return new WslSandbox(kept, at, {
      parts,
      workspace: workspace === undefined ? undefined : await inside.pathOf(workspace),
      views: await Promise.all(views.map(({ from }) => inside.pathOf(from))),
    });
  };

  return {
    name: "wsl",
    tier: "process",
    async probe(): Promise<SandboxProbe> {
      const found = await find();
      return found.is === "found" ? { is: "available", version: found.version } : found;
    },
    async create(spec) {
      checkSpec(spec);
      const parts = await opened();
      const at = join(folder, spec.id);
      if (existsSync(at)) throw taken(spec.id);
      await checkGuards(parts, spec);
      const kept: Kept = { ...spec, uid: 1000, gid: 1000, isRoots: false, nonce: randomUUID() };
      const beside = join(folder, `.new-${generation}-${randomUUID()}`);
      takeLease(beside, { generation, nonce: kept.nonce });
      keep(beside, kept);
      const made = quoted(ownFolder(parts.machine, kept));
      await parts.machine.distribution.run(`umask 077; mkdir -p ${made}/home ${made}/runs`);
      try {
        // A folder takes the place of none but an empty one.
        renameSync(beside, at);
      } catch (cause) {
        await parts.machine.distribution.run(`rm -rf ${made}`);
        await rm(beside, { recursive: true, force: true });
        throw taken(kept.id, cause);
      }
      return sandboxOf(parts, kept, at);
    },
    async attach(id) {
      const at = join(folder, id);
      const kept = isSandboxId(id) ? readKept(at) : undefined;
      if (!kept) return undefined;
      const parts = await opened();
      takeLease(at, { generation, nonce: kept.nonce });
      return sandboxOf(parts, kept, at);
    },
    async list() {
      return (existsSync(folder) ? readdirSync(folder) : [])
        .filter(isSandboxId)
        .flatMap((name) => readKept(join(folder, name)) ?? [])
        .map(({ id, tenant }) => ({ id, tenant }));
    },
  };
}

/**
 * Guards are mounts, which have one spelling; on a folder of Windows `.ENV` is `.env` as well.
 * @throws SysError EPOLICY
 */
async function checkGuards({ machine, ghosts }: WslParts, { workspace, guarded = [] }: SandboxSpec): Promise<void> {
  if (workspace === undefined || guarded.length === 0) return;
  const keeper = ghosts.of(workspace);
  keeper.enter();
  try {
    const at = await machine.distribution.pathOf(workspace);
    const both = keeper.guards(guarded).flatMap(({ path }) => {
      const [, above = "", name = ""] = /^(.*?)([^/]*)$/.exec(path) ?? [];
      return [path, above + otherCase(name)].map((one) => quoted(`${at}/${one}`)).join(" ");
    });
    const look = `same() { [ "$1" = "$2" ] || ! [ "$1" -ef "$2" ] || echo "$1"; }; ${both.map((pair) => `same ${pair}`).join("; ")}`;
    const [same] = (await machine.distribution.run(look)).split("\n");
    if (same) {
      throw new SysError(
        "EPOLICY",
        `${same} cannot be guarded: its folder takes small and capital letters for the same`,
        {
          hint: `fsutil.exe file setCaseSensitiveInfo FOLDER enable, for ${workspace} and each folder on the way; or work in a folder of the distribution (\\\\wsl.localhost\\…)`,
        },
      );
    }
  } finally {
    keeper.leave();
  }
}

const otherCase = (name: string): string =>
  name.replace(/\p{L}/gu, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()));

/** @throws SysError EINVAL, ENOENT, ENOSYS */
function checkSpec(spec: SandboxSpec): void {
  const { id, workspace, guarded = [], views = [], egress } = spec;
  if (!isSandboxId(id)) {
    throw new SysError("EINVAL", `${JSON.stringify(id)} cannot be the id of a sandbox`, {
      hint: "use 1 to 32 small letters and digits",
    });
  }
  refuseWrapped(spec, "wsl");
  if (egress !== undefined) {
    throw new SysError("ENOSYS", "sandboxes of wsl have no way out: a socket of Windows cannot be reached in WSL", {
      hint: "run AIOS in the WSL distribution itself, where bubblewrap has one",
    });
  }
  for (const { from, at } of views) {
    if (!posix.isAbsolute(at) || posix.normalize(at) !== at || at === "/" || /^\/(home|proc|dev|etc)(\/|$)/.test(at)) {
      throw new SysError("EINVAL", `a view cannot be at ${JSON.stringify(at)}`, {
        hint: "say a path below /opt or /srv",
      });
    }
    checkThere(from, "view");
  }
  if (workspace !== undefined) {
    checkThere(workspace, "workspace");
    if (!statSync(workspace).isDirectory()) throw new SysError("EINVAL", `${workspace} is no folder`);
  } else if (guarded.length > 0)
    throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
}

function checkThere(path: string, what: string): void {
  if (!isAbsolute(path) || !existsSync(path))
    throw new SysError("ENOENT", `there is no ${what} ${JSON.stringify(path)}`);
}

const taken = (id: string, cause?: unknown): SysError =>
  new SysError("EEXIST", `there is a sandbox ${id} already`, { cause });
