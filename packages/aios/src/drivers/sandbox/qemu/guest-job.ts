import type { Pin } from "./pins.ts";
import { inside } from "./guest-programs.ts";
import { ports, programsFolder } from "./guest-init.ts";

export const home = "/home/agent";
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Bytes of the blocks that a shell's `ulimit -f` counts. */
const blockBytes = 512;

export interface GuestJob {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Inside. */
  readonly folder: string;
  readonly hasInput: boolean;
  readonly pins: readonly Pin[];
  /** Where each view is seen; it lies in `/run/views` by its number. */
  readonly views: readonly string[];
  readonly memoryBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly fileBytes: number;
  /** Stands behind all that the command says: nobody inside knows it. */
  readonly lastWord: string;
  readonly nowMs: number;
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/**
 * What the guest's first process does for one command, as root of the guest: the home folder, the bounds, the command, its end and the end of all that it started; then it says what
 * came of it, and what has changed.
 */
export function jobScript(job: GuestJob): string {
  const { pins, views, hasInput, lastWord } = job;
  const group = "/sys/fs/cgroup/box";
  return `date -s @${Math.floor(job.nowMs / 1000)}
${programsFolder}/reseed < /run/job/seed || exit 1
rm /run/job/seed
${pins.flatMap(({ path: at, absent }) => (absent === undefined ? [] : [absent === "folder" ? `mkdir ${quoted(`/run/home/${at}`)}` : `: > ${quoted(`/run/home/${at}`)}`])).join("\n")}
mount --bind /run/home /box${home}
mount -o remount,bind,nosuid,nodev /box${home}
${pins.map((pin) => bound(`/box${home}/${pin.path}`, `/box${home}/${pin.path}`, pin.isReadOnly)).join("\n")}
${views.map((at, index) => `[ -d /run/views/${index} ] && mkdir -p ${quoted(`/box${at}`)} || { mkdir -p ${quoted(`/box${at.slice(0, at.lastIndexOf("/"))}`)}; : > ${quoted(`/box${at}`)}; }\n${bound(`/run/views/${index}`, `/box${at}`, true)}`).join("\n")}
cd /box${home}
${listing("before")}
mv /run/job/launch /box/run/aios/launch
mount -o remount,ro /box
mount -o remount,ro /box/run
mount -o remount,ro /box/dev
mkdir ${group}
echo ${job.memoryBytes} > ${group}/memory.max
echo 0 > ${group}/memory.swap.max
echo ${job.processes} > ${group}/pids.max
mkfifo -m 600 /run/job/out /run/job/err /run/job/word
chown ${inside.uid}:${inside.gid} /run/job/out /run/job/err
{ cat /run/job/out; printf %s ${lastWord}; } > /dev/vport0p${ports.out} &
out=$!
{ cat /run/job/err; printf %s ${lastWord}; } > /dev/vport0p${ports.err} &
err=$!
(
  exec 3<&- 4>&- < ${hasInput ? "/run/job/input" : "/dev/null"} > /run/job/out 2> /run/job/err 8> /run/job/word
  echo 0 > ${group}/cgroup.procs
  ulimit -c 0
  ulimit -n ${job.openFiles}
  ulimit -f ${Math.max(1, Math.floor(job.fileBytes / blockBytes))}
  exec chroot /box /run/aios/enter /run/aios/busybox sh /run/aios/launch
) &
command=$!
( read -r word <&3; echo 1 > ${group}/cgroup.kill ) &
killer=$!
read -r word < /run/job/word
[ "$word" = missing ] || echo started >&4
wait $command
code=$?
echo 1 > ${group}/cgroup.kill
until grep -q "populated 0" ${group}/cgroup.events; do usleep 2000; done
kill $killer
wait $out $err
killed=$(grep "^oom_kill " ${group}/memory.events)
[ "$word" = missing ] && echo missing >&4
echo "ended $code $killed" >&4
cd /box${home}
${listing("after")}
echo "lists $(cd /run && wc -c before before-stats after after-stats | tr '\\n' ' ')" >&4
cat /run/before /run/before-stats /run/after /run/after-stats >&4
until [ "$word" = changed ]; do read -r word length <&3; done
head -c $length <&3 > /run/changed
cpio -o -0 -H newc < /run/changed >&4
while :; do sleep 1000; done
`;
}

/** Names may hold any byte but zero. */
const listing = (name: string): string =>
  `find . -print0 > /run/${name}; xargs -0 stat -c "%i %Z" < /run/${name} > /run/${name}-stats`;

function bound(from: string, at: string, isReadOnly: boolean): string {
  const mounted = `mount --bind ${quoted(from)} ${quoted(at)}`;
  return isReadOnly ? `${mounted}\nmount -o remount,bind,ro,nosuid,nodev ${quoted(at)}` : mounted;
}

/** What runs first as who runs commands: it finds the program, or says that there is none, and becomes it. */
export function launchScript({ argv, environment, folder }: GuestJob): string {
  const own = { PATH: path, HOME: home, LANG: "C.UTF-8" };
  const all = { ...own, ...environment };
  const [program = ""] = argv;
  const pairs = Object.entries(all).map(([name, value]) => quoted(`${name}=${value}`));
  return `cd ${quoted(folder)} || { echo started >&8; exit 126; }
program=${quoted(program)}
found=
case $program in
*/*) [ -f "$program" ] && [ -x "$program" ] && found=1 ;;
*) for one in ${all.PATH.split(":").map(quoted).join(" ")}; do [ -f "$one/$program" ] && [ -x "$one/$program" ] && found=1; done ;;
esac
[ "$found" ] || { echo missing >&8; exit 127; }
echo started >&8
exec 8>&-
exec /run/aios/busybox env -i ${pairs.join(" ")} ${argv.map(quoted).join(" ")}
`;
}
