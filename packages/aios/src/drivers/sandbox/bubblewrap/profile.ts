import type { Guard } from "../home/guards.ts";

/** Of the machine's top folders: a link, as where /usr holds all, or a folder of its own. */
export type SystemFolder =
  | { readonly name: string; readonly is: "link"; readonly to: string }
  | { readonly name: string; readonly is: "folder" };

/** Path of the home folder, inside. */
export const homeInside = "/home/agent";
/** Path of the proxy's socket, inside. */
export const egressInside = "/run/egress.sock";
/** Path of a forward's socket, inside. */
export const forwardInside = (port: number): string => `/run/forward-${port}.sock`;
/** Of /tmp, and of /dev/shm. */
export const temporaryBytes = 64 * 1024 * 1024;

/** Something of the machine, and where it is seen. */
export interface Shown {
  readonly from: string;
  readonly at: string;
}

/** Something empty, where it is seen. */
export interface Hidden {
  readonly at: string;
  readonly is: "folder" | "file";
}

/** What a sandbox is made of; paths are as the sandbox's user reaches them. */
export interface Profile {
  readonly workspace: Shown;
  /** Undefined: the workspace is it. */
  readonly home: string | undefined;
  readonly etc: string;
  readonly views: readonly Shown[];
  readonly hidden: readonly Hidden[];
  readonly guards: readonly Guard[];
  /** What leads out. */
  readonly sockets: readonly Shown[];
  readonly system: readonly SystemFolder[];
  /** Handle of the filter. */
  readonly seccomp: number;
  /** Handle that is told which process the sandbox's first one is. */
  readonly status?: number | undefined;
  /** Whether the starter has made a session for it already. */
  readonly hasSession: boolean;
  /** Whether the program is the first process itself, and buries all others. */
  readonly isFirst: boolean;
}

/**
 * The arguments of bubblewrap up to the command: every namespace of its own, no further ones, no capability, the
 * machine's /usr to read, /etc made for it, a home folder to write. What is mounted later lies on top.
 */
export function bubblewrapArguments(profile: Profile): readonly string[] {
  const size = String(temporaryBytes);
  const { workspace, home, etc, views, hidden, guards, sockets, system, seccomp, status, hasSession, isFirst } =
    profile;
  // What is mounted hides what was mounted below it before: from the top down.
  const mounts = [
    ...(home === undefined ? [] : [{ at: homeInside, argv: ["--bind", home, homeInside] }]),
    { at: workspace.at, argv: ["--bind", workspace.from, workspace.at] },
    ...views.map(({ from, at }) => ({ at, argv: ["--ro-bind", from, at] })),
    ...hidden.map(({ at, is }) => ({ at, argv: is === "file" ? ["--ro-bind", "/dev/null", at] : emptyFolder(at) })),
  ].toSorted((a, b) => depth(a.at) - depth(b.at));
  const groups: readonly (readonly string[])[] = [
    ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"],
    // The starter's session keeps the terminal's signals; what it could do to a terminal the filter refuses.
    hasSession ? [] : ["--new-session"],
    isFirst ? ["--as-pid-1"] : [],
    ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"],
    ["--ro-bind", "/usr", "/usr"],
    system.flatMap((one) =>
      one.is === "link" ? ["--symlink", one.to, `/${one.name}`] : ["--ro-bind", `/${one.name}`, `/${one.name}`],
    ),
    ["--ro-bind", etc, "/etc", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
    ["--proc", "/proc", "--dev", "/dev"],
    // /dev and / are memory without bound: nothing is written there; /dev/shm has its own.
    ["--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ["--perms", "1777", "--size", size, "--tmpfs", "/tmp", "--symlink", "../tmp", "/var/tmp", "--dir", "/run"],
    sockets.flatMap(({ from, at }) => ["--ro-bind", from, at]),
    mounts.flatMap(({ argv }) => argv),
    guards.flatMap(({ path, isWritable }) => [
      isWritable ? "--bind" : "--ro-bind",
      `${workspace.from}/${path}`,
      `${workspace.at}/${path}`,
    ]),
    hidden.flatMap(({ at, is }) => (is === "folder" ? ["--remount-ro", at] : [])),
    ["--chdir", workspace.at, "--remount-ro", "/"],
    status === undefined ? [] : ["--json-status-fd", String(status)],
    ["--seccomp", String(seccomp)],
  ];
  return groups.flat();
}

/** What is shown below it has its place there; then it is made read-only. */
const emptyFolder = (at: string): readonly string[] => ["--perms", "0555", "--size", "65536", "--tmpfs", at];

const depth = (path: string): number => path.split("/").length;
