// The races of `npm run test:attacks` in which something is swapped, for some seconds: the whole of it takes most of an hour.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test.runIf(process.platform === "linux")(
  "nothing that is swapped meanwhile leads a file syscall out of its roots, where it leads unprotected code out",
  { timeout: 300_000 },
  async () => {
    const runner = spawn(
      process.execPath,
      [...process.execArgv, main, "--part", "files", "--quick", "--attempts", "400", "--only", "swapped"],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const [out, err, [code]] = await Promise.all([text(runner.stdout), text(runner.stderr), once(runner, "exit")]);
    expect(code, `${out}\n${err}`).toBe(0);
    expect(out).toMatch(/racing attempts on kernels/);
  },
);
