import { dirname } from "node:path";
import { machineFacts, passedFolders, programFolders, readFiles, readFolders } from "./machine-parts.ts";

/** What a sandbox is made of. All paths are canonical: absolute, through no link, and spelled as the disk spells them. */
export interface SeatbeltProfile {
  readonly home: string;
  /** Its own, in the place of the /tmp that all users share. */
  readonly temporary: string;
  /** To read, each under its own path: nothing is mounted here. */
  readonly views: readonly string[];
  readonly guards: readonly { readonly at: string; readonly isWritable: boolean }[];
  /** Of the loopback: all of the network that is reached. */
  readonly proxyPort?: number | undefined;
}

/**
 * The arguments of sandbox-exec up to the command. A path never becomes text of the profile, which is a program: it is
 * handed over as the value of a parameter, where no character means anything.
 */
export function sandboxExecArguments(profile: SeatbeltProfile): readonly string[] {
  const { home, temporary, views, guards, proxyPort } = profile;
  const values = new Map<string, string>();
  const parameters = (name: string, paths: readonly string[]): readonly string[] =>
    paths.map((path, index) => {
      values.set(`${name}_${index}`, path);
      return `(param "${name}_${index}")`;
    });
  const own = parameters("OWN", [home, temporary]);
  const shown = parameters("VIEW", views);
  const kept = parameters("GUARD", at(guards, false));
  const held = parameters("WAY", at(guards, true));
  const above = parameters("ABOVE", foldersAbove([home, temporary, ...views]));
  const rules: readonly string[] = [
    ...base,
    rule("allow process-exec file-map-executable file-read*", [
      ...subpaths([...programFolders.map(quoted), ...shown, ...own]),
    ]),
    rule("allow file-read-metadata", literals(above)),
    rule("allow file-write*", subpaths(own)),
    // Later rules win. A file that outlives the sandbox runs with nobody's rights but its starter's.
    "(deny file-write-setugid)",
    rule("deny file-write-unlink", literals([...own, ...held])),
    rule("deny file-write*", subpaths(kept)),
    proxyPort === undefined ? "" : `(allow network-outbound (remote ip "localhost:${proxyPort}"))`,
  ];
  return [
    ...[...values].flatMap(([name, value]) => ["-D", `${name}=${value}`]),
    "-p",
    rules.filter((one) => one !== "").join("\n"),
  ];
}

const at = (guards: SeatbeltProfile["guards"], isWritable: boolean): readonly string[] =>
  guards.filter((guard) => guard.isWritable === isWritable).map((guard) => guard.at);

/** Without filters a rule would be about everything. */
const rule = (what: string, filters: readonly string[]): string =>
  filters.length === 0 ? "" : `(${what}\n  ${filters.join("\n  ")})`;

/** Of this file's own words alone, which need no escape. */
const quoted = (text: string): string => `"${text}"`;
const subpaths = (paths: readonly string[]): readonly string[] => paths.map((path) => `(subpath ${path})`);
const literals = (paths: readonly string[]): readonly string[] => paths.map((path) => `(literal ${path})`);

/** Whoever resolves a path asks for each folder on its way; what stands in these is not shown. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const path of paths) for (let one = dirname(path); one !== "/"; one = dirname(one)) found.add(one);
  return [...found].toSorted();
}

/** What every sandbox has. Not to be had: other processes, services but that of account names, devices, ports, pseudo-terminals. */
const base: readonly string[] = [
  "(version 1)",
  "(deny default)",
  "(allow process-fork)",
  "(allow signal (target same-sandbox))",
  "(allow process-info* (target same-sandbox))",
  rule("allow sysctl-read", [
    ...machineFacts.map((name) => `(sysctl-name "${name}")`),
    ...["hw.", "machdep.cpu."].map((name) => `(sysctl-name-prefix "${name}")`),
  ]),
  // getpwuid: without it a program does not find its own user's name.
  '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
  // Locks of Python's multiprocessing. Their names are the whole machine's, they hold a number and nothing else.
  "(allow ipc-posix-sem)",
  rule("allow file-read-metadata", literals(passedFolders.map(quoted))),
  rule("allow file-read*", [...literals(readFiles.map(quoted)), ...subpaths(readFolders.map(quoted))]),
  rule("allow file-write-data", [
    ...literals(["/dev/null", "/dev/zero", "/dev/stdout", "/dev/stderr"].map(quoted)),
    ...subpaths(["/dev/fd"].map(quoted)),
  ]),
];
