import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { cp, mkdir, mkdtemp, rm, statfs, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { defaultImage } from "../src/drivers/sandbox/docker/engine-sockets.ts";
import { packMachine } from "./machine-image.ts";

const run = promisify(execFile);
const overlayFilesystem = 0x794c7630;

function pathOf(program: string): string | undefined {
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

/** Whether containers can be run here: podman, runc and a busybox, by root. CI has to have them: there the tests run, and fail. */
export const hasPodman =
  process.env["CI"] === "true" ||
  (process.getuid?.() === 0 && ["podman", "runc", "busybox", "tar"].every((program) => pathOf(program) !== undefined));

export interface PodmanEngine extends AsyncDisposable {
  readonly socket: string;
  readonly image: string;
}

/**
 * A real Podman that speaks Docker's API, with a storage of its own, on a socket of its own. Neither is left behind.
 * `contents` of its image: a busybox alone; or what programs of this Debian need, Python and perl among them, by the name of the
 * image that is used where nothing else is said.
 */
export async function openPodmanEngine({
  contents = "busybox",
}: { readonly contents?: "busybox" | "machine" } = {}): Promise<PodmanEngine> {
  const folder = await mkdtemp(join(tmpdir(), "aios-podman-"));
  const socket = join(folder, "podman.sock");
  const image = contents === "machine" ? defaultImage : "localhost/aios-busybox:latest";
  const places = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--tmpdir", join(folder, "tmp")];
  // Overlays do not lie on overlays, which is what a container's own /tmp is on.
  const storage = (await statfs(folder)).type === overlayFilesystem ? "vfs" : "overlay";
  const means = `--storage-driver ${storage} --cgroup-manager cgroupfs --events-backend file --runtime`.split(" ");
  const options = [...places, ...means, pathOf("runc") ?? "runc"];
  const child = spawn("podman", [...options, "system", "service", "--time=0", `unix://${socket}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (part: string) => said.push(part));
  const failed = once(child, "error").then(([cause]) => {
    throw new Error("podman does not start: apt-get install podman runc busybox-static", { cause });
  });
  failed.catch(() => undefined);
  const ended = once(child, "exit").then(() => {
    throw new Error(`podman ended: ${said.join("")}`);
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([answers(socket), failed, ended]);
    const archive = await (contents === "busybox" ? packBusybox(folder) : packMachine(folder));
    await run("podman", [...options, "import", archive, image]);
    await rm(archive);
  } catch (cause) {
    await end(child, folder);
    throw cause;
  }
  return { socket, image, [Symbol.asyncDispose]: () => end(child, folder) };
}

async function answers(socket: string): Promise<void> {
  for (;;) {
    const asking = request({ socketPath: socket, path: "/_ping" });
    asking.end();
    const isThere = await once(asking, "response").then(
      ([response]) => {
        (response as { resume(): void }).resume();
        return true;
      },
      () => false,
    );
    if (isThere) return;
    await sleep(20);
  }
}

async function packBusybox(folder: string): Promise<string> {
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

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  }
  // Podman mounts the folder of its overlays on itself, and leaves that behind.
  await run("umount", [join(folder, "root", "overlay")]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
