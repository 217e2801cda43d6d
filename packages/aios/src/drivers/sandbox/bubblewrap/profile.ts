import type { Guard } from "../home/guards.ts";

/** Of the machine's top folders: a link, as where /usr holds all, or a folder of its own. */
export type SystemFolder =
  | { readonly name: string; readonly is: "link"; readonly to: string }
  | { readonly name: string; readonly is: "folder" };

/** Path of the home folder, inside. */
export const homeInside = "/home/agent";
/** Path of the proxy's socket, inside. */
export const egressInside = "/run/egress.sock";
/** Of /tmp, and of /dev/shm. */
const temporaryBytes = 64 * 1024 * 1024;

/** What a sandbox is made of; paths are as the sandbox's user reaches them. */
export interface Profile {
  readonly home: string;
  readonly etc: string;
  readonly views: readonly { readonly from: string; readonly at: string }[];
  readonly guards: readonly Guard[];
  readonly egress?: string | undefined;
  readonly system: readonly SystemFolder[];
  /** Handle of the filter. */
  readonly seccomp: number;
  /** Handle that is told which process the sandbox's first one is. */
  readonly status?: number | undefined;
  /** Whether the starter has made a session for it already. */
  readonly hasSession: boolean;
}

/**
 * The arguments of bubblewrap up to the command: every namespace of its own, no further ones, no capability, the
 * machine's /usr to read, /etc made for it, a home folder to write. What is mounted later lies on top.
 */
export function bubblewrapArguments(profile: Profile): readonly string[] {
  const size = String(temporaryBytes);
  const { home, etc, views, guards, egress, system, seccomp, status, hasSession } = profile;
  const groups: readonly (readonly string[])[] = [
    ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"],
    // The starter's session keeps the terminal's signals; what it could do to a terminal the filter refuses.
    hasSession ? [] : ["--new-session"],
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
    egress === undefined ? [] : ["--ro-bind", egress, egressInside],
    views.flatMap(({ from, at }) => ["--ro-bind", from, at]),
    ["--bind", home, homeInside],
    guards.flatMap(({ path, isWritable }) => [
      isWritable ? "--bind" : "--ro-bind",
      `${home}/${path}`,
      `${homeInside}/${path}`,
    ]),
    ["--chdir", homeInside, "--remount-ro", "/"],
    status === undefined ? [] : ["--json-status-fd", String(status)],
    ["--seccomp", String(seccomp)],
  ];
  return groups.flat();
}
