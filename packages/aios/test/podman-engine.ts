import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { defaultImage } from "../src/drivers/sandbox/docker/engine-sockets.ts";
import { packBusybox, pathOf } from "./busybox-image.ts";
import { startEngine } from "./container-engine.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { packMachine } from "./machine-image.ts";

const run = promisify(execFile);
const overlayFilesystem = 0x794c7630;

/** Whether containers can be run here: podman, runc and a busybox, by root. CI has to have them: there the tests run, and fail. */
export const hasPodman =
  process.env["CI"] === "true" ||
  (process.getuid?.() === 0 && ["podman", "runc", "busybox", "tar"].every((program) => pathOf(program) !== undefined));

/**
 * A real Podman that speaks Docker's API, with a storage of its own, on a socket of its own. Neither is left behind.
 * `contents` of its image: a busybox alone; or what programs of this Debian need, Python and perl among them, by the name of the
 * image that is used where nothing else is said.
 */
export async function openPodmanEngine({
  contents = "busybox",
}: { readonly contents?: "busybox" | "machine" } = {}): Promise<ContainerEngine> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), "aios-podman-")), async (made) => {
    // Podman mounts the folder of its overlays on itself, and leaves that behind.
    await run("umount", [join(made, "root", "overlay")]).catch(() => undefined);
    await rm(made, { recursive: true, force: true });
  });
  const socket = join(folder, "podman.sock");
  const image = contents === "machine" ? defaultImage : "localhost/aios-busybox:latest";
  const places = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--tmpdir", join(folder, "tmp")];
  // Overlays do not lie on overlays, which is what a container's own /tmp is on.
  const storage = (await statfs(folder)).type === overlayFilesystem ? "vfs" : "overlay";
  const means = `--storage-driver ${storage} --cgroup-manager cgroupfs --events-backend file --runtime`.split(" ");
  const options = [...places, ...means, pathOf("runc") ?? "runc"];
  const serving = ["podman", ...options, "system", "service", "--time=0", `unix://${socket}`];
  opened.use(await startEngine(serving, { socket, fix: "apt-get install podman runc busybox-static" }));
  const archive = await (contents === "busybox" ? packBusybox(folder) : packMachine(folder));
  await run("podman", [...options, "import", archive, image]);
  await rm(archive);
  const stack = opened.move();
  return { socket, image, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
