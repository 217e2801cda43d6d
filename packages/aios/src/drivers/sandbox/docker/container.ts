import { join } from "node:path";
import { egressEnvironment, egressForward, forwarder } from "../egress.ts";
import type { Owner } from "../home/files.ts";
import type { Guard } from "../home/guards.ts";
import type { Limits } from "./record.ts";

/** Where programs see their home folder. */
export const home = "/home/agent";
const egressInside = "/run/aios/egress.sock";
const mebibyte = 1024 * 1024;
const temporaryBytes = 64 * mebibyte;
const userProcesses = 4096;

export interface ContainerOptions {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: Owner;
  /** Path of the home folder on the machine. */
  readonly folder: string;
  readonly guards: readonly Guard[];
  readonly views: readonly { readonly from: string; readonly at: string }[];
  readonly limits: Limits;
  /** Processors, or parts of one. */
  readonly cpus: number;
  /** As the engine takes it: text or path. */
  readonly seccomp: string;
  /** The engine's root is a user, and this user is to be the same inside. */
  readonly keepsId: boolean;
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Inside. */
  readonly workingFolder: string;
  readonly hasInput: boolean;
  /** Path of the proxy's socket on the machine. */
  readonly egress: string | undefined;
  /**
   * Said last on standard error, it tells why: with 126, there is no way to the proxy; with 127, there is no such program; with
   * 137, it took too much memory.
   */
  readonly lastWord: string;
}

/**
 * The first process inside is a shell: the command's processes get the signals that they send themselves, what they leave behind
 * is buried, and the end of the command is the end of all. Its own standard error goes nowhere, so that it adds nothing. That the
 * memory was too little it finds where the kernel counts: not every engine hears of it.
 */
const scriptOf = (hasWayOut: boolean): string => `exec 3>&2 2>/dev/null
program=$1 word=$2
shift 2
${
  hasWayOut
    ? `${forwarder([egressForward(egressInside)])
        .map(quoted)
        .join(" ")} </dev/null >/dev/null 3>&- || { echo "$word" >&3; exit 126; }`
    : ":"
}
case $program in
*/*) [ -f "$program" ] && [ -x "$program" ] && found=1 ;;
*) IFS=:; for folder in $PATH; do [ -f "$folder/$program" ] && [ -x "$folder/$program" ] && found=1; done; unset IFS ;;
esac
[ "$found" ] || { echo "$word" >&3; exit 127; }
env -i "$@" 2>&3 3>&-
code=$?
[ $code = 137 ] && grep -q '^oom_kill [1-9]' /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control && echo "$word" >&3
exit $code`;

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** What the engine is asked for: a container of one command, with nothing that is not named here. */
export function containerOf(options: ContainerOptions): unknown {
  const { image, labels, owner, folder, guards, views, limits, seccomp, path, argv, hasInput } = options;
  const hasWayOut = options.egress !== undefined;
  const own = { PATH: path, HOME: home, LANG: "C.UTF-8", ...(hasWayOut ? egressEnvironment : {}) };
  const environment = { ...own, ...options.environment };
  const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return {
    Image: image,
    Entrypoint: ["/bin/sh"],
    Cmd: ["-c", scriptOf(hasWayOut), "sh", argv[0], options.lastWord, ...pairs, ...argv],
    Env: [`PATH=${environment.PATH}`],
    User: `${owner.uid}:${owner.gid}`,
    WorkingDir: options.workingFolder,
    Hostname: "sandbox",
    Labels: labels,
    NetworkDisabled: true,
    AttachStdin: hasInput,
    OpenStdin: hasInput,
    StdinOnce: hasInput,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: "none",
      IpcMode: "private",
      ...(options.keepsId ? { UsernsMode: "keep-id" } : {}),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges", `seccomp=${seccomp}`],
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": `rw,exec,nosuid,nodev,size=${temporaryBytes},mode=1777` },
      ShmSize: temporaryBytes,
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      // The shell's, and what leads to the proxy.
      PidsLimit: limits.processes + (hasWayOut ? 2 : 1),
      NanoCpus: Math.round(options.cpus * 1e9),
      Ulimits: [
        { Name: "nofile", Soft: limits.openFiles, Hard: limits.openFiles },
        { Name: "fsize", Soft: limits.fileBytes, Hard: limits.fileBytes },
        { Name: "core", Soft: 0, Hard: 0 },
        // Of all that the user runs on the machine, so it bounds nothing here; but unsaid Podman raises it, which it may not everywhere.
        { Name: "nproc", Soft: userProcesses, Hard: userProcesses },
      ],
      LogConfig: { Type: "none" },
      Mounts: [
        mount(folder, home, false),
        ...guards.map(({ path: at, isWritable }) => mount(join(folder, at), `${home}/${at}`, !isWritable)),
        ...views.map(({ from, at }) => mount(from, at, true)),
        ...(options.egress === undefined ? [] : [mount(options.egress, egressInside, true)]),
      ],
    },
  };
}

const mount = (from: string, at: string, isReadOnly: boolean): unknown => ({
  Type: "bind",
  Source: from,
  Target: at,
  ReadOnly: isReadOnly,
  BindOptions: { Propagation: "rprivate" },
});
