import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process of the machine. */
export interface HostProcess {
  readonly hostPid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it was started, in the system's own form: equal texts of one host process id mean the same process. */
  readonly startedAt: string;
  /** Ended, but not yet taken note of by its parent. */
  readonly isZombie: boolean;
}

const hasProc = process.platform === "linux";

/** Undefined when there is no such process. */
export function hostProcess(hostPid: number): HostProcess | undefined {
  return hasProc ? readStat(hostPid) : listByPs(["-p", String(hostPid)])[0];
}

/** All processes that this user can see. */
export function hostProcesses(): readonly HostProcess[] {
  if (!hasProc) return listByPs(["-A"]);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((one) => one !== undefined);
}

function readStat(hostPid: number): HostProcess | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${hostPid}/stat`, "latin1");
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes(String((cause as NodeJS.ErrnoException).code))) return undefined;
    throw cause;
  }
  // proc(5): the second field is the name in parentheses and may itself hold any of these characters.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): string => fields[number - 3] ?? "";
  return {
    hostPid,
    parent: Number(field(4)),
    group: Number(field(5)),
    session: Number(field(6)),
    startedAt: field(22),
    isZombie: field(3) === "Z" || field(3) === "X",
  };
}

/** `lstart` has spaces in it and comes last. */
const psLine = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.+?)\s*$/;

function listByPs(which: readonly string[]): HostProcess[] {
  if (process.platform === "win32") return [];
  let table: string;
  try {
    const columns = ["pid=", "ppid=", "pgid=", "sess=", "state=", "lstart="].flatMap((column) => ["-o", column]);
    table = execFileSync("ps", [...which, ...columns], {
      encoding: "utf8",
      env: { LC_ALL: "C", PATH: "/bin:/usr/bin" },
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // ps says so by its exit status when no process matches.
    return [];
  }
  return table.split("\n").flatMap((line) => {
    const match = psLine.exec(line);
    if (!match) return [];
    const [, hostPid, parent, group, session, state, startedAt] = match as unknown as string[];
    return [
      {
        hostPid: Number(hostPid),
        parent: Number(parent),
        group: Number(group),
        // macOS prints an address here, or 0: then descendants and the group are all there is to go by.
        session: Number(session) || 0,
        startedAt: startedAt ?? "",
        isZombie: state?.startsWith("Z") ?? false,
      },
    ];
  });
}
