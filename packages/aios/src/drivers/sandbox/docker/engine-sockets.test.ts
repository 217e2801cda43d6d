import { expect, test } from "vitest";
import { engineSockets } from "./engine-sockets.ts";

test("an engine is looked for where DOCKER_HOST says, and else where Docker and Podman listen", () => {
  expect(engineSockets({ DOCKER_HOST: "unix:///tmp/one.sock", HOME: "/home/ada" })).toEqual(["/tmp/one.sock"]);
  expect(engineSockets({ DOCKER_HOST: "tcp://10.0.0.1:2375" })).toEqual([]);
  expect(engineSockets({ HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/7" })).toEqual([
    "/var/run/docker.sock",
    "/home/ada/.docker/run/docker.sock",
    "/run/user/7/podman/podman.sock",
    "/run/podman/podman.sock",
  ]);
});
