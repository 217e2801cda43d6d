import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRealClock } from "../src/drivers/clock/real.ts";
import { createSeatbelt } from "../src/drivers/sandbox/seatbelt/driver.ts";
import type { SeatbeltOptions } from "../src/drivers/sandbox/seatbelt/driver.ts";
import { systemPrograms } from "../src/drivers/sandbox/seatbelt/programs.ts";
import type { SandboxDriver } from "../src/kernel/ports.ts";

/** Notes what it was called with, and runs the program. It holds nothing: what passes with it says nothing of isolation. */
const source = `#!/bin/sh
while :; do
  case $1 in
    -D | -p) printf '%s\\0%s\\0' "$1" "$2"; shift 2 ;;
    *) break ;;
  esac
done > "\${0%/*}/called"
exec "$@"
`;

/** As lsof answers `-F pn -p PIDS`, of handles and current folders; from /proc, which macOS has not and this machine has. */
const lsof = `#!/bin/sh
for pids; do :; done
for pid in $(echo "$pids" | tr , ' '); do
  echo "p$pid"
  for one in /proc/$pid/cwd /proc/$pid/fd/*; do readlink "$one" | sed 's/^/n/'; done
done
`;

export interface FakeSeatbelt extends AsyncDisposable {
  readonly folder: string;
  readonly programs: NonNullable<SeatbeltOptions["programs"]>;
  readonly driver: SandboxDriver;
  /** As the next kernel makes it. */
  again(): SandboxDriver;
  /** The arguments of its last start, up to the program. */
  called(): readonly string[];
}

/** The driver for macOS, over a sandbox-exec that holds nothing and this machine's own processes. */
export function openFakeSeatbelt(options: Partial<SeatbeltOptions> = {}): FakeSeatbelt {
  const folder = mkdtempSync(join(tmpdir(), "aios-fake-seatbelt-"));
  const sandboxExec = join(folder, "sandbox-exec");
  writeFileSync(sandboxExec, source);
  chmodSync(sandboxExec, 0o755);
  const isLinux = process.platform === "linux";
  const fakeLsof = join(folder, "lsof");
  writeFileSync(fakeLsof, lsof, { mode: 0o755 });
  const programs = { ...systemPrograms, sandboxExec, ...(isLinux ? { ps: "ps", lsof: fakeLsof } : {}) };
  let generation = 0;
  const again = (): SandboxDriver =>
    createSeatbelt({
      folder: join(folder, "sandboxes"),
      clock: createRealClock(),
      generation: ++generation,
      programs,
      probe: async () => ({ is: "available", version: "0, a fake that holds nothing" }),
      ...options,
    });
  return {
    folder,
    programs,
    driver: again(),
    again,
    called: () => readFileSync(join(folder, "called"), "utf8").split("\0").slice(0, -1),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
