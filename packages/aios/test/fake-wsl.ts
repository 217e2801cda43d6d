import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRealClock } from "../src/drivers/clock/real.ts";
import { createWsl } from "../src/drivers/sandbox/wsl/driver.ts";
import type { WslOptions } from "../src/drivers/sandbox/wsl/driver.ts";
import type { SandboxDriver } from "../src/kernel/ports.ts";

/** The distribution's default user, where this process is root. */
const user = 1234;

/** Lists one distribution as wsl.exe does, notes how it is called, and runs programs on this Linux, with nothing of its environment. */
const source = (home: string, listed: string): string => `#!/bin/sh
here=\${0%/*}
{ printf '%s\\0' "$@"; printf '\\n'; } >> "$here/called"
case "$1" in
  --list) if [ "$WSL_UTF8" = 1 ]; then cat ${listed}; else iconv -f utf8 -t utf16le ${listed}; fi; exit 0 ;;
  -d) [ "$2" = Ubuntu ] && [ "$3" = --exec ] || { echo "There is no distribution with the supplied name." >&2; exit 255; } ;;
  *) exit 255 ;;
esac
shift 3
as=
[ "$(id -u)" = 0 ] && as="setpriv --reuid ${user} --regid ${user} --clear-groups"
exec env -i HOME=${home} PATH="$here:/usr/local/bin:/usr/bin:/bin" WSL_INTEROP=/run/WSL/1_interop WSL_DISTRO_NAME=Ubuntu $as "$@"
`;
const wslpath = `#!/bin/sh
for last; do :; done
[ "$1 $2" = "-u -a" ] || exit 1
case $last in [A-Z]:*) printf '/mnt/c%s\\n' "$(printf %s "\${last#?:}" | tr '\\\\\\\\' /)" ;; *) exit 1 ;; esac
`;

export interface FakeWsl extends AsyncDisposable {
  readonly folder: string;
  readonly program: WslOptions["program"];
  readonly driver: SandboxDriver;
  /** As the next kernel makes it. */
  again(): SandboxDriver;
  /** Its calls, each with its arguments. */
  called(): readonly (readonly string[])[];
}

/** The driver for Windows over a wsl.exe that is this Linux: its bubblewrap is a real one, its being Windows is not. */
export function openFakeWsl(options: Partial<WslOptions> = {}): FakeWsl {
  const folder = mkdtempSync(join(tmpdir(), "aios-fake-wsl-"));
  chmodSync(folder, 0o755);
  const home = join(folder, "linux");
  mkdirSync(home);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(home, user, user);
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o755 });
    return join(folder, name);
  };
  const listed = put(
    "list",
    "  NAME              ZUSTAND           VERSION\r\n* Ubuntu            Wird ausgeführt   2\r\n  docker-desktop    Beendet           2\r\n",
  );
  put("wslpath", wslpath);
  const program = { file: put("wsl.exe", source(home, listed)), environment: {} };
  let generation = 0;
  const again = (): SandboxDriver => {
    const driver = createWsl({
      folder: join(folder, "windows"),
      clock: createRealClock(),
      generation: ++generation,
      program,
      platform: "win32",
      ...options,
    });
    // What a test makes as root is given to the distribution's user, as a user's own folders are theirs.
    const create: SandboxDriver["create"] = async (spec) => {
      for (const path of [spec.workspace, ...(spec.views ?? []).map(({ from }) => from)])
        if (isRoot && path) giveAway(path);
      return await driver.create(spec);
    };
    return { ...driver, create };
  };
  return {
    folder,
    program,
    driver: again(),
    again,
    called: () =>
      readFileSync(join(folder, "called"), "utf8")
        .split("\0\n")
        .slice(0, -1)
        .map((call) => call.split("\0")),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function giveAway(path: string): void {
  if (!existsSync(path) || statSync(path).uid !== 0) return;
  chownSync(path, user, user);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name));
}
