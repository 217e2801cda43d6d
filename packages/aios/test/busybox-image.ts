import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of a program, the folders of root's among them, which are not on everybody's path. */
export function pathOf(program: string): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"]
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Writes an archive of a busybox and its applets. */
export async function packBusybox(folder: string): Promise<string> {
  const busybox = pathOf("busybox");
  if (busybox === undefined) throw new Error("there is no busybox: apt-get install busybox-static");
  const files = join(folder, "image");
  for (const name of ["bin", "etc", "tmp", "home", "proc", "sys", "dev", "run", "usr/bin", "var"])
    await mkdir(join(files, name), { recursive: true });
  await cp(busybox, join(files, "bin/busybox"));
  const { stdout: applets } = await run(busybox, ["--list"]);
  for (const name of applets.trim().split("\n"))
    if (name !== "busybox") await symlink("busybox", join(files, "bin", name));
  await symlink("/bin/env", join(files, "usr/bin/env"));
  await writeFile(join(files, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  await writeFile(join(files, "etc/group"), "root:x:0:\n");
  const archive = join(folder, "image.tar");
  await run("tar", ["-C", files, "-cf", archive, "."]);
  return archive;
}
