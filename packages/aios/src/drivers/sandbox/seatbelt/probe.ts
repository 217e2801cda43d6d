import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SandboxProbe } from "../../../kernel/ports.ts";
import { sandboxExecArguments } from "./profile.ts";
import type { SystemPrograms } from "./programs.ts";

const run = promisify(execFile);

/** What the shell of the trial ends with. */
const trials = {
  0: "",
  11: "it lets a file be read that it should not",
  12: "it lets a file be written that it should not",
  13: "it lets a process be signalled that it should not",
  14: "it lets nothing be written in the home folder",
  15: "it lets what is guarded be written",
} as const;
const trial = [
  'cat "$1/secret" && exit 11',
  // Not by `:`, with which a shell would end where it cannot write.
  'true > "$1/made" && exit 12',
  'kill -0 "$2" && exit 13',
  "true > made || exit 14",
  "true > kept/made && exit 15",
  "mv kept away && exit 15",
  "exit 0",
].join("\n");

/**
 * Runs the smallest sandbox there is, and sees that it holds: Apple calls sandbox-exec deprecated since macOS 10.12 and
 * describes the language of profiles nowhere, so that neither its being there nor its version says anything.
 */
export async function probeSeatbelt(
  programs: SystemPrograms,
  uid: number | undefined = process.getuid?.(),
): Promise<SandboxProbe> {
  if (uid === 0) return missing("root's sandboxes would hold root's rights", "run aios as another user than root");
  const folder = realpathSync.native(mkdtempSync(join(tmpdir(), "aios-seatbelt-")));
  const [home, temporary, outside] = ["home", "tmp", "outside"].map((name) => join(folder, name));
  try {
    for (const one of [home!, temporary!, outside!, join(home!, "kept")]) mkdirSync(one, { mode: 0o700 });
    writeFileSync(join(outside!, "secret"), "secret");
    const guards = [{ at: join(home!, "kept"), isWritable: false }];
    const profile = sandboxExecArguments({ home: home!, temporary: temporary!, views: [], guards });
    const argv = ["/bin/sh", "-c", `cd "$3" || exit 14\n${trial}`, "sh", outside!, String(process.pid), home!];
    await run(programs.sandboxExec, [...profile, ...argv], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      timeout: 20_000,
    });
    return { is: "available", version: `of Darwin ${release()}` };
  } catch (cause) {
    const { code, stderr = "" } = cause as { code?: number | string; stderr?: string };
    if (code === "ENOENT") return missing(`there is no ${programs.sandboxExec}`, elsewhere);
    const seen = trials[code as keyof typeof trials];
    return missing(
      seen
        ? `the profile does not hold here: ${seen}`
        : `sandbox-exec does not start: ${stderr.trim().split("\n")[0] ?? ""}`,
      elsewhere,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const elsewhere = "use the container driver: Docker or Podman";
const missing = (why: string, fix: string): SandboxProbe => ({ is: "missing", why, fix });
