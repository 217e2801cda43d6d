import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { packBusybox, pathOf } from "./busybox-image.ts";
import { startEngine } from "./container-engine.ts";
import type { ContainerEngine } from "./container-engine.ts";

const overlayFilesystem = 0x794c7630;

/** Whether a Docker engine of our own can be run here, by root. CI has to have it: there the tests run, and fail. */
export const hasDocker =
  process.env["CI"] === "true" ||
  (process.getuid?.() === 0 && ["dockerd", "busybox", "tar"].every((program) => pathOf(program) !== undefined));

/** A real Docker engine beside any other, without networks, with an image of a busybox. Nothing of it is left behind. */
export async function openDockerEngine(): Promise<ContainerEngine> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), "aios-dockerd-")), (made) =>
    rm(made, { recursive: true, force: true }),
  );
  const socket = join(folder, "docker.sock");
  const image = "aios-busybox:latest";
  // Else it would read what the machine's own engine is told.
  const configuration = join(folder, "daemon.json");
  await writeFile(configuration, "{}");
  const storage = (await statfs(folder)).type === overlayFilesystem ? "vfs" : "overlay2";
  const places = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")];
  const means = `--bridge=none --iptables=false --ip6tables=false --storage-driver ${storage} --config-file`.split(" ");
  const serving = ["dockerd", ...places, "--pidfile", join(folder, "pid"), "--host", `unix://${socket}`, ...means];
  opened.use(
    await startEngine([...serving, configuration], { socket, fix: "apt-get install docker.io busybox-static" }),
  );
  await importImage(socket, { archive: await packBusybox(folder), image });
  const stack = opened.move();
  return { socket, image, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function importImage(
  socketPath: string,
  { archive, image }: { readonly archive: string; readonly image: string },
): Promise<void> {
  const [repo = "", tag = ""] = image.split(":");
  const path = `/images/create?fromSrc=-&repo=${repo}&tag=${tag}`;
  const asking = request({ socketPath, method: "POST", path, headers: { "content-type": "application/x-tar" } });
  const answered = once(asking, "response");
  await pipeline(createReadStream(archive), asking);
  const [answer] = (await answered) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode !== 200 || said.includes('"error"')) throw new Error(`no image: ${said}`);
}
