import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { SysError } from "@aiosjs/sdk/protocol";

const run = promisify(execFile);
const places = ["/usr/bin/qemu-system-x86_64", "/usr/local/bin/qemu-system-x86_64"];
const others = ["/usr/bin/setpriv", "/usr/bin/prlimit"];

/** @throws SysError ENOSYS with what is missing. */
export async function findQemu(): Promise<{ readonly program: string; readonly version: string }> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new SysError("ENOSYS", "virtual machines are made on Linux on x86-64 alone", {
      hint: "use the process or container tier",
    });
  for (const path of others)
    if (!(await mayRun(path))) throw new SysError("ENOSYS", `there is no ${path}`, { hint: "apt install util-linux" });
  for (const program of places) {
    if (!(await mayRun(program))) continue;
    const { stdout } = await run(program, ["--version"], { env: {}, cwd: "/" });
    const version = /version (\S+)/.exec(stdout)?.[1];
    if (version !== undefined) return { program, version };
  }
  throw new SysError("ENOSYS", "there is no qemu-system-x86_64", { hint: "apt install qemu-system-x86" });
}

/** Whether QEMU's user could open it. That a guest boots by it is seen by booting one. */
export async function canUseKvm(): Promise<boolean> {
  const stands = await stat("/dev/kvm").catch(() => undefined);
  if (!stands) return false;
  if (process.getuid?.() === 0) return (stands.mode & 0o006) === 0o006;
  return await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

const mayRun = async (path: string): Promise<boolean> =>
  await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
