import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SandboxCommand } from "../../../kernel/ports.ts";
import { boundsOf } from "./limits.ts";
import { commandLine, waitingScript } from "./script.ts";

/** Runs a command as a cell does, by this program under the name `sh`. */
async function runBy(shell: string, command: Pick<SandboxCommand, "argv" | "environment" | "folder">) {
  const folder = mkdtempSync(join(tmpdir(), "aios-sh-"));
  try {
    const sh = join(folder, "sh");
    symlinkSync(shell, sh);
    const line = commandLine(command, { bounds: boundsOf({ openFiles: 123, fileBytes: 51_200 }), hasChannel: true });
    const child = spawn(sh, ["-c", waitingScript()], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      env: { PATH: "/usr/bin:/bin" },
    });
    const said = ["", "", "", "", ""];
    for (const at of [1, 2, 4]) (child.stdio[at] as Duplex).on("data", (part: Buffer) => (said[at] += part.toString()));
    (child.stdio[4] as Duplex).write(`${line}\n`);
    const [code] = (await once(child, "close")) as [number];
    return { code, out: said[1], errors: said[2], fault: said[4]?.slice(1) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// What the systems have as /bin/sh: Debian dash, Fedora and Arch bash, Alpine busybox.
test.for(["/usr/bin/dash", "/usr/bin/bash", "/usr/bin/busybox", "/bin/busybox"].filter((shell) => existsSync(shell)))(
  "a command is told to %s as it was meant",
  async (shell) => {
    const script =
      'ulimit -n; ulimit -f; ulimit -c; pwd; printf "%s|" "$A" "$IFS" "$@"; ls -l /proc/self/fd 2>/dev/null | grep -c socket; exit 0';
    const environment = { A: "a'b\n $(id) `id` \\n", IFS: "x" };
    const argv = ["sh", "-c", script, "sh", "x'y\nz", "", "-n", "二"];
    expect(await runBy(shell, { argv, environment, folder: "/tmp" })).toEqual({
      code: 0,
      // Of the script's own handles none is left.
      out: `123\n100\n0\n/tmp\na'b\n $(id) \`id\` \\n| \t\n|x'y\nz||-n|二|0\n`,
      errors: "",
      fault: "",
    });
    expect(await runBy(shell, { argv: ["no-such-program"] })).toMatchObject({ code: 126, fault: "program" });
    expect(await runBy(shell, { argv: ["./no/such"] })).toMatchObject({ code: 126, fault: "program" });
    expect(await runBy(shell, { argv: ["true"], folder: "/no/such" })).toMatchObject({ code: 126, fault: "folder" });
  },
);

test("what cannot be told is EINVAL: a zero byte, a name that is none", () => {
  const options = { bounds: boundsOf(undefined), hasChannel: true };
  expect(() => commandLine({ argv: ["a\0b"] }, options)).toThrow(/zero byte/);
  expect(() => commandLine({ argv: ["true"], environment: { "A B": "x" } }, options)).toThrow(
    /"A B" cannot be the name/,
  );
  expect(() => commandLine({ argv: ["true"], environment: { "A;id": "x" } }, options)).toThrow(/cannot be the name/);
});
