import { join } from "node:path";

/** What a sandbox consists of where nothing else is said: a shell, perl and Python. It has to be pulled first. */
export const defaultImage = "docker.io/library/python:3-slim";

/** Where an engine is looked for, in this order: where DOCKER_HOST says and nowhere else, or where Docker and Podman listen. */
export function engineSockets(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { DOCKER_HOST: said, XDG_RUNTIME_DIR: runtime, HOME: home } = env;
  if (said !== undefined && said !== "") return said.startsWith("unix://") ? [said.slice("unix://".length)] : [];
  return [
    "/var/run/docker.sock",
    ...(home === undefined ? [] : [join(home, ".docker/run/docker.sock")]),
    ...(runtime === undefined ? [] : [join(runtime, "podman/podman.sock")]),
    "/run/podman/podman.sock",
  ];
}
