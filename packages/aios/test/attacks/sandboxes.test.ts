// The attacks of `npm run test:attacks` on sandboxes, as the user who runs the tests: the whole of it attacks as others too.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hasBubblewrap } from "../bubblewrap.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test.runIf(process.platform === "linux" && hasBubblewrap)(
  "nothing gets out of a sandbox that gets through without one",
  { timeout: 400_000 },
  async () => {
    const runner = spawn(process.execPath, [...process.execArgv, main, "--part", "sandboxes", "--quick"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, [code]] = await Promise.all([text(runner.stdout), text(runner.stderr), once(runner, "exit")]);
    expect(code, `${out}\n${err}`).toBe(0);
    // What counts is what was seen to get through here.
    const held = (kind: string): number =>
      Number(new RegExp(`bubblewrap, as .*: ${kind}s: (\\d+) held, 0 escaped`).exec(out)?.[1]);
    expect(held("escape"), out).toBeGreaterThanOrEqual(28);
    expect(held("race"), out).toBe(4);
    expect(held("bomb"), out).toBeGreaterThanOrEqual(8);
  },
);
