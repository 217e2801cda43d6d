// Some seconds of `npm run test:attacks`, which is the whole of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test.runIf(process.platform === "linux")(
  "no path, link, special file or race leads a file syscall out of its roots, where each leads unprotected code out",
  { timeout: 300_000 },
  async () => {
    const runner = spawn(process.execPath, [...process.execArgv, main, "--quick", "--attempts", "1500"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, [code]] = await Promise.all([text(runner.stdout), text(runner.stderr), once(runner, "exit")]);
    expect(code, `${out}\n${err}`).toBe(0);
    expect(out).toMatch(/racing attempts on kernels/);
  },
);
