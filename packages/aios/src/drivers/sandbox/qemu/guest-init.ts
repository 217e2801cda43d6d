import { unpackedSeconds } from "./changes.ts";

/** Ports of the guest, by their number; what the machine has at their other end is a socket of the kernel's process. */
export const ports = { job: 1, out: 2, err: 3, say: 4 } as const;

/** What the guest says when it waits for a job. */
export const readyLine = "ready";
export const programsFolder = "/aios";

const switches = [
  ["user/max_user_namespaces", 0],
  ["kernel/unprivileged_bpf_disabled", 1],
  ["kernel/perf_event_paranoid", 3],
  ["kernel/dmesg_restrict", 1],
  ["kernel/kptr_restrict", 2],
  ["kernel/yama/ptrace_scope", 1],
  ["kernel/sysrq", 0],
  ["kernel/core_pattern", ""],
  ["vm/unprivileged_userfaultfd", 0],
  ["vm/overcommit_memory", 0],
] as const;

/**
 * The guest's first process: it makes a root for commands, of the image or of busybox, and then does the one job that comes.
 * It says nothing anywhere else: the machine has no console.
 */
export const guestInit = ({ modules }: { readonly modules: readonly string[] }): string => `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
exec </dev/null >/dev/null 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o size=100%,mode=755 run /run
${modules.map((name) => `insmod /modules/${name}`).join("\n")}
date -s @${unpackedSeconds}
mount -t cgroup2 cgroup /sys/fs/cgroup
echo "+memory +pids" > /sys/fs/cgroup/cgroup.subtree_control
${switches.map(([name, value]) => `echo '${value}' > /proc/sys/${name}`).join("\n")}
echo sandbox > /proc/sys/kernel/hostname
ip link set lo up
mkdir -p /image /box /run/root
if [ -b /dev/vda ]; then
  mount -t ext4 -o ro,noload /dev/vda /image || mount -t squashfs -o ro /dev/vda /image || exit 1
else
  mkdir -p /image/bin /image/etc /image/usr/bin
  cp /bin/busybox /image/bin/busybox
  chroot /image /bin/busybox --install -s /bin
  ln -s /bin/env /image/usr/bin/env
  echo root:x:0:0:root:/:/bin/sh > /image/etc/passwd
  echo root:x:0: > /image/etc/group
fi
mkdir -p /run/root/upper /run/root/work
mount -t overlay -o lowerdir=/image,upperdir=/run/root/upper,workdir=/run/root/work root /box
cd /box
rm -rf home dev proc sys run tmp
mkdir -p home/agent dev proc sys run tmp
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t tmpfs -o mode=755,size=64k,nosuid dev dev
for one in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 dev/\${one%:*} c 1 \${one#*:}
done
mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=666,mode=620,nosuid,noexec devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec shm dev/shm
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmp tmp
mount -t tmpfs -o mode=755,size=100%,nosuid,nodev run run
mkdir run/aios
cp /bin/busybox ${programsFolder}/enter run/aios/
cd /run
exec 3</dev/vport0p${ports.job} 4>/dev/vport0p${ports.say}
echo ${readyLine} >&4
cpio -idmu <&3
. /run/job/run
`;
