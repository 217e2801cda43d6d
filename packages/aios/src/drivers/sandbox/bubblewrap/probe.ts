import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SandboxProbe } from "../../../kernel/ports.ts";
import { processorHere } from "./machine.ts";
import { cleanEnvironment } from "./seat.ts";

const run = promisify(execFile);
/** 0.8.0 is the first that can close the door to further user namespaces. */
const needed = [0, 8, 0] as const;
/** As nobody has it, and nobody's: what the probe starts owns nothing. */
const probeUid = 2_000_000_000;

/** Starts the smallest sandbox there is: a version alone would say nothing about the system's settings. */
export async function probeBubblewrap(): Promise<SandboxProbe> {
  if (process.platform !== "linux") return missing("bubblewrap runs on Linux alone", "use the container driver");
  if (!processorHere()) return missing(`there is no seccomp filter for ${process.arch}`, "use the container driver");
  const isRoot = process.getuid?.() === 0;
  const options = { cwd: "/", env: cleanEnvironment, timeout: 10_000 };
  let version: string;
  try {
    version = (await run("bwrap", ["--version"], options)).stdout.trim().split(" ").at(-1) ?? "";
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    return missing(isAbsent ? "bwrap is not installed" : said(cause), "apt-get install bubblewrap");
  }
  if (isOlder(version))
    return missing(`bwrap is ${version}; ${needed.join(".")} is needed`, "install a newer bubblewrap");
  if (isRoot) {
    try {
      await run("perl", ["-e", "exit 0"], options);
    } catch {
      return missing(
        "as root, perl is needed to become somebody else first",
        "apt-get install perl-base, or run as another user than root",
      );
    }
  }
  try {
    const args = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--ro-bind", "/", "/"];
    const as = isRoot ? { uid: probeUid, gid: probeUid } : {};
    await run("bwrap", [...args, "--proc", "/proc", "--dev", "/dev", "true"], { ...options, ...as });
  } catch (cause) {
    return missing(`bwrap does not start: ${said(cause)}`, fixFor(said(cause)));
  }
  return { is: "available", version };
}

const missing = (why: string, fix: string): SandboxProbe => ({ is: "missing", why, fix });

const said = (cause: unknown): string => {
  const { stderr, message } = cause as { stderr?: string; message: string };
  return (stderr ?? "").trim().split("\n")[0] || message;
};

function isOlder(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of needed.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

function fixFor(text: string): string {
  if (/uid map|user namespace|No permissions to create|CLONE_NEWUSER|Operation not permitted/i.test(text)) {
    return "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000; on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap; in a container start it with --privileged or --security-opt seccomp=unconfined --security-opt systempaths=unconfined";
  }
  return "see what `bwrap --unshare-all --ro-bind / / true` says";
}
