import { once } from "node:events";
import { existsSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { NOTHING, timed } from "./runner.ts";
import type { Runner } from "./runner.ts";

const imagesAnswer = z.array(z.object({ Id: z.string(), Size: z.number() }));
const idAnswer = z.object({ Id: z.string() });
const waitAnswer = z.object({ StatusCode: z.number() });
const execAnswer = z.object({ ExitCode: z.number() });

/** Where Docker and Podman listen, the configured one first. */
export function engineSocket(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const host = env["DOCKER_HOST"];
  const sockets = [
    ...(host?.startsWith("unix://") ? [host.slice("unix://".length)] : []),
    "/var/run/docker.sock",
    "/run/podman/podman.sock",
    ...(env["XDG_RUNTIME_DIR"] ? [`${env["XDG_RUNTIME_DIR"]}/podman/podman.sock`] : []),
  ];
  return sockets.find((socket) => existsSync(socket));
}

/** The API that Docker and Podman speak, called directly: no driver of ours between. */
class Engine {
  readonly #socketPath: string;
  readonly image: string;

  constructor(socketPath: string, image: string) {
    this.#socketPath = socketPath;
    this.image = image;
  }

  static async open(socketPath: string): Promise<Engine> {
    const images = imagesAnswer.parse(JSON.parse(await ask(socketPath, { path: "/images/json" })));
    const smallest = images.toSorted((left, right) => left.Size - right.Size)[0];
    if (!smallest) throw new Error("the engine has no image");
    return new Engine(socketPath, smallest.Id);
  }

  async post(path: string, body: object = {}): Promise<string> {
    return ask(this.#socketPath, { method: "POST", path, body });
  }

  async get(path: string): Promise<string> {
    return ask(this.#socketPath, { path });
  }

  async create(command: readonly string[]): Promise<string> {
    // An engine's own default may be more than its machine lets it give.
    const Ulimits = [
      { Name: "nofile", Soft: 1024, Hard: 1024 },
      { Name: "nproc", Soft: 128, Hard: 128 },
    ];
    const body = { Image: this.image, Cmd: command, HostConfig: { NetworkMode: "none", Ulimits } };
    return idAnswer.parse(JSON.parse(await this.post("/containers/create", body))).Id;
  }

  async remove(id: string): Promise<void> {
    await ask(this.#socketPath, { method: "DELETE", path: `/containers/${id}?force=true` });
  }
}

interface Asked {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

async function ask(socketPath: string, { method = "GET", path, body }: Asked): Promise<string> {
  const asking = request({
    socketPath,
    method,
    path: `/v1.40${path}`,
    headers: { "content-type": "application/json" },
  });
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  const said = await text(response);
  if ((response.statusCode ?? 500) >= 400) throw new Error(`the engine answers ${response.statusCode}: ${said}`);
  return said;
}

/** A container for each command: create, start, wait. */
export async function newContainer(socketPath: string): Promise<Runner> {
  const engine = await Engine.open(socketPath);
  return {
    name: "Docker API: a new container",
    run: async () => {
      let id = "";
      const elapsedMs = await timed(async () => {
        id = await engine.create([NOTHING]);
        await engine.post(`/containers/${id}/start`);
        return waitAnswer.parse(JSON.parse(await engine.post(`/containers/${id}/wait`))).StatusCode;
      });
      await engine.remove(id);
      return elapsedMs;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** A command in a container that runs already. */
export async function runningContainer(socketPath: string): Promise<Runner> {
  const engine = await Engine.open(socketPath);
  const id = await engine.create(["sleep", "3600"]);
  await engine.post(`/containers/${id}/start`);
  return {
    name: "Docker API: exec in a running container",
    run: () =>
      timed(async () => {
        const asked = { Cmd: [NOTHING], AttachStdout: true };
        const exec = idAnswer.parse(JSON.parse(await engine.post(`/containers/${id}/exec`, asked))).Id;
        await engine.post(`/exec/${exec}/start`, { Detach: false, Tty: false });
        return execAnswer.parse(JSON.parse(await engine.get(`/exec/${exec}/json`))).ExitCode;
      }),
    [Symbol.asyncDispose]: () => engine.remove(id),
  };
}
