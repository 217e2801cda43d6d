// Some tens of the rounds of `npm run test:crash`, as many as a minute has: CI runs all thousand of them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test.runIf(process.platform === "linux")(
  "homes outlive kernels, programs and commands that are killed, disks that fill up, and writes that tear",
  { timeout: 300_000 },
  async () => {
    const rounds = ["--rounds", "36", "--per-home", "12", "--seconds", "60", "--seed", "2"];
    const runner = spawn(process.execPath, [...process.execArgv, main, ...rounds], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, [code]] = await Promise.all([text(runner.stdout), text(runner.stderr), once(runner, "exit")]);
    expect(code, `${out}\n${err}`).toBe(0);
    expect(out).toMatch(/\d+ rounds survived/);
  },
);
