import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import { isPathBelow } from "../home/path-below.ts";

/**
 * Files go in and come out by commands in the sandbox itself: wherever a link leads, it leads to nothing that a command
 * there could not read. Step by step: a folder that has been entered stays the one that it is, whatever takes its name.
 */
const enter = `f=$1; a=$HOME; cd -P "$a" || exit 9
while :; do case $f in */*) p=\${f%%/*}; f=\${f#*/};; *) break;; esac
  case $p in ''|.) continue;; esac
  [ "$2" = make ] && [ ! -e "$p" ] && [ ! -L "$p" ] && mkdir "$p"
  [ -e "$p" ] || [ -L "$p" ] || exit 11
  [ -L "$p" ] && exit 12
  cd -P "./$p" 2>/dev/null || exit 12; a=$a/$p
  [ "$(pwd -P; echo x)" = "$a
x" ] || exit 12
done`;

const write = `${enter}
t=.aios-$3; set -C; cat > "$t" || exit 10; mv -fT -- "$t" "$f" 2>/dev/null || { rm -f -- "$t"; exit 12; }`;

const read = `${enter}
[ -e "$f" ] || [ -L "$f" ] || exit 11
[ ! -L "$f" ] && [ -f "$f" ] || exit 12
[ "$(stat -c %s -- "$f")" -le "$2" ] || exit 13
exec dd if="./$f" iflag=nofollow,nonblock,fullblock,count_bytes bs=65536 count=$(($2 + 1)) status=none`;

export const writeCommand = (path: string): readonly string[] => [
  "sh",
  "-c",
  write,
  "sh",
  checked(path),
  "make",
  randomUUID(),
];

export const readCommand = (path: string, maxBytes: number): readonly string[] => [
  "sh",
  "-c",
  read,
  "sh",
  checked(path),
  String(maxBytes),
];

/** Without a slash at its end, which would make nothing of its last part. */
function checked(path: string): string {
  if (!isPathBelow(path)) {
    throw new SysError("EINVAL", `${JSON.stringify(path)} is no path below the home folder of a sandbox`, {
      hint: "it is relative, and names a file",
    });
  }
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** What the codes of these commands say. */
export function refusal(code: number | null, path: string, maxBytes = 0): SysError {
  const shown = JSON.stringify(path);
  if (code === 11) return new SysError("ENOENT", `there is no ${shown} in the sandbox`);
  if (code === 12) return new SysError("EINVAL", `${shown} is not reached by folders alone, or is no file`);
  if (code === 13) return new SysError("E2BIG", `${shown} is larger than ${maxBytes} bytes`);
  return new SysError("EIO", `${shown} cannot be read or written in the sandbox (${code ?? "killed"})`);
}
