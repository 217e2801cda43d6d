// The kernel that a sandbox shares with the machine: what an ordinary program may ask of it, and what only root may.
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Escape, Program } from "../attack.ts";
import { plantFile, secretWord, surface } from "../planted.ts";
import { python } from "../python.ts";

/** It is enough that the kernel looks past the caller's rights; nothing of it changes anything. */
const asked = (id: string, source: string): Escape => ({ id, program: python(source), lay: () => surface() });

/** The answer to a caller with the right to it is another error than the one that refuses. */
const pastRights = (what: string, expression: string, answer: string): string => String.raw`
try:
  ${expression}
  reached("${what}")
except OSError as cause:
  if cause.errno == errno.${answer}:
    reached("${what}")
  else:
    why(cause)`;

const logReader: Program = python(String.raw`
def ring():
  into = ctypes.create_string_buffer(1 << 20)
  size = call("syslog", 3, into, len(into))
  tell(into.raw[:size].decode("latin1"))
def device(path):
  fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
  try:
    while True:
      tell(os.read(fd, 8192).decode("latin1"))
  except BlockingIOError:
    pass
def node():
  for folder in (word("HOME"), "/tmp", "/dev", "/dev/shm"):
    path = folder + "/aios-attack-node"
    try:
      os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 11))
      try:
        device(path)
      finally:
        os.unlink(path)
    except OSError as cause:
      why(cause)
attempt({"ring": ring, "node": node}[word("WAY")])
if word("WAY") == "ring":
  attempt(lambda: device("/dev/kmsg"))`);

const kernelLog = (id: string, way: string): Escape => ({
  id,
  program: logReader,
  lay: ({ home }) => {
    const secret = secretWord();
    try {
      writeFileSync("/dev/kmsg", `aios: an attack on a sandbox looks for ${secret}\n`);
    } catch {
      return { is: "needs", what: "root" };
    }
    return { words: { WAY: way, HOME: home }, secret };
  },
});

export const kernelEscapes: readonly Escape[] = [
  asked(
    "mount",
    String.raw`
def act():
  as_own_root(0x00020000)
  fd = call("fsopen", ctypes.c_char_p(b"tmpfs"), 1)
  call("fsconfig", fd, 6, 0, 0, 0)
  call("fsmount", fd, 1, 0)
  reached("a file system was made")
attempt(act)`,
  ),
  asked(
    "user-namespace",
    String.raw`
def act(kinds):
  child = os.fork()
  if child == 0:
    try:
      call("unshare", kinds)
      reached("all rights in a new user namespace")
    except OSError as cause:
      why(cause)
    os._exit(0)
  os.waitpid(child, 0)
attempt(lambda: act(0x10000000))
attempt(lambda: act(0x10000000 | 0x00020000 | 0x40000000))`,
  ),
  {
    id: "root-folder",
    // Who may change its root folder leaves every root folder, by way of a handle from before.
    program: python(String.raw`
def act():
  as_own_root(0)
  if os.environ.get("ATTACK_JAIL"):
    os.chroot(os.environ["ATTACK_JAIL"])
    os.chdir("/")
  below = "/" if os.environ.get("ATTACK_JAIL") else word("HOME")
  os.makedirs(below + "/below", exist_ok=True)
  fd = os.open("/", os.O_RDONLY)
  os.chroot(below + "/below")
  os.fchdir(fd)
  for _ in range(64):
    os.chdir("..")
  os.chroot(".")
  with open(word("FILE")) as file:
    tell(file.read())
attempt(act)`),
    lay: ({ isControl, home }, { folder }) => {
      const { path, secret, end } = plantFile(folder);
      const jail = join(folder, "jail");
      mkdirSync(jail, { recursive: true });
      return { words: { FILE: path, HOME: home, ...(isControl ? { JAIL: jail } : {}) }, secret, end };
    },
  },
  asked(
    "system-settings",
    String.raw`
for path in ("kernel/core_pattern", "kernel/modprobe", "kernel/hotplug", "vm/overcommit_memory", "kernel/panic", "fs/suid_dumpable"):
  try:
    with open("/proc/sys/" + path) as file:
      value = file.read()
    with open("/proc/sys/" + path, "w") as file:
      file.write(value)
    reached("may set", path)
  except OSError as cause:
    why(cause)
attempt(lambda: (os.close(os.open("/proc/sysrq-trigger", os.O_WRONLY)), reached("may press the keys of the console")))`,
  ),
  asked(
    "control-groups",
    String.raw`
import glob
def make(folder):
  path = folder + "/aios-attack-%d" % os.getpid()
  os.mkdir(path)
  os.rmdir(path)
  reached("may make a control group in", folder)
found = ["/sys/fs/cgroup", *glob.glob("/sys/fs/cgroup/*/")]
for folder in found:
  attempt(lambda: make(folder.rstrip("/")))
for path in [*glob.glob("/sys/fs/cgroup/*/release_agent"), "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs"]:
  attempt(lambda: (os.close(os.open(path, os.O_WRONLY)), reached("may write", path)))
if not os.path.isdir("/sys/fs/cgroup"):
  tell("WHY no control groups are seen")`,
  ),
  {
    id: "devices",
    program: python(String.raw`
import glob
# Opened are those alone that do nothing by being opened.
names = ["mem", "kmem", "port", "kmsg", "kvm", "fuse", "loop-control", "btrfs-control", "mapper/control", "net/tun", "vhost-net",
  "vhost-vsock", "uinput", "userfaultfd", "sda", "sda1", "vda", "vda1", "nvme0n1", "xvda", "dm-0", "vsock", "hwrng", "loop0", "dri/renderD128", "nvidiactl"]
for path in sorted({"/dev/" + name for name in names} | set(glob.glob("/dev/[svx]d[a-z]*")) | set(glob.glob("/dev/nvme*n*"))):
  try:
    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    reached("opened", path)
  except FileNotFoundError:
    pass
  except OSError as cause:
    why(cause)
tell("WHY none of them is there")`),
    lay: () => surface(),
  },
  kernelLog("device-node", "node"),
  kernelLog("kernel-log", "ring"),
  asked(
    "bpf",
    String.raw`
attempt(lambda: (call("bpf", 0, ctypes.create_string_buffer(struct.pack("IIIII", 2, 4, 4, 1, 0), 72), 72), reached("a map was made")))`,
  ),
  asked(
    "perf",
    String.raw`
attr = ctypes.create_string_buffer(struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0x61), 112)
attempt(lambda: (call("perf_event_open", attr, 0, -1, -1, 0), reached("an event was opened")))`,
  ),
  asked(
    "io-uring",
    String.raw`
attempt(lambda: (call("io_uring_setup", 2, ctypes.create_string_buffer(120)), reached("a ring was made")))`,
  ),
  asked("userfaultfd", `attempt(lambda: (call("userfaultfd", 0x80001), reached("page faults are its own")))`),
  asked(
    "kernel-modules",
    pastRights("modules", `call("delete_module", ctypes.c_char_p(b"aios_no_such"), 0o4000)`, "ENOENT"),
  ),
  asked("other-kernel", pastRights("another kernel", `call("kexec_file_load", -1, -1, 0, 0, 4)`, "EBADF")),
  asked(
    "restart",
    String.raw`
# What the keys Ctrl-Alt-Del do is set to what it is.
def act():
  with open("/proc/sys/kernel/ctrl-alt-del") as file:
    state = int(file.read())
  call("reboot", 0xfee1dead - (1 << 32), 672274793, 0x89abcdef - (1 << 32) if state else 0, 0)
  reached("reboot")
attempt(act)`,
  ),
  asked("swap", pastRights("swap", `call("swapoff", ctypes.c_char_p(b"/aios/no/such"))`, "ENOENT")),
  asked(
    "clock",
    String.raw`
def act():
  timex = ctypes.create_string_buffer(208)
  call("clock_adjtime", 0, timex)
  struct.pack_into("I", timex, 0, 0x0010)
  call("clock_adjtime", 0, timex)
  reached("the clock's status was set to what it is")
attempt(act)`,
  ),
  {
    id: "host-name",
    program: python(String.raw`
def act():
  name = socket.gethostname().encode()
  call("sethostname", ctypes.c_char_p(name), len(name))
  if os.readlink("/proc/self/ns/uts") == word("NAMESPACE"):
    reached("the machine's name was set to what it is")
  else:
    tell("WHY a name of its own")
attempt(act)`),
    lay: () => surface({ NAMESPACE: readlinkSync("/proc/self/ns/uts") }),
  },
  asked(
    "other-calls",
    // The calls of 32-bit programs have numbers of their own: a filter that knows one table alone lets them through.
    String.raw`
import mmap
def act():
  if not X86:
    raise OSError(errno.ENOSYS, "", "")
  code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
  code.write(bytes.fromhex("5389f889f389d1ba01000000cd805b4898c3"))
  at = ctypes.addressof(ctypes.c_char.from_buffer(code))
  result = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int)(at)(288, 0, -3)
  if result < 0:
    raise OSError(-result, "", "keyctl")
  reached("a 32-bit call was let through")
child = os.fork()
if child == 0:
  attempt(act)
  os._exit(0)
_, status = os.waitpid(child, 0)
if os.WIFSIGNALED(status):
  tell("WHY killed by signal", os.WTERMSIG(status))`,
  ),
];
