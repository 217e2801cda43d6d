// The attacks of `npm run test:attacks` on containers, in an engine that is there for this alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hasPodman, openPodmanEngine } from "../podman-engine.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test.runIf(hasPodman)(
  "nothing gets out of a container that gets through without one",
  { timeout: 600_000 },
  async () => {
    await using engine = await openPodmanEngine({ contents: "machine" });
    const args = [main, "--part", "sandboxes", "--quick", "--driver", "docker"];
    const runner = spawn(process.execPath, [...process.execArgv, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
    });
    const [out, err, [code]] = await Promise.all([text(runner.stdout), text(runner.stderr), once(runner, "exit")]);
    expect(code, `${out}\n${err}`).toBe(0);
    const held = (kind: string): number =>
      Number(new RegExp(`docker, as .*: ${kind}s: (\\d+) held, 0 escaped`).exec(out)?.[1]);
    expect(held("escape"), out).toBeGreaterThanOrEqual(28);
    expect(held("race"), out).toBe(4);
    expect(held("bomb"), out).toBeGreaterThanOrEqual(8);
  },
);
