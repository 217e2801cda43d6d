import type { Program } from "./attack.ts";

/** Each says first that it runs at all: what did not run was not held. */
export const BEGAN = "BEGAN";

/**
 * Before every program: `call` makes a raw syscall of Linux (elsewhere its number is another call's, and it is not made), `as_own_root` makes a plain user root of a user namespace, as the system lets everybody, `attempt` runs what it decorates and tells why it failed, `reached` tells
 * that the kernel of this very machine let something through (a virtual machine has a boot id of its own).
 */
const PRELUDE = String.raw`
import ctypes, errno, os, platform, socket, stat, struct, sys, time
print("${BEGAN}", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
LINUX = sys.platform == "linux"
X86 = LINUX and platform.machine() == "x86_64"
NUMBERS = {
  "add_key": (248, 217), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
  "io_uring_setup": (425, 425), "userfaultfd": (323, 282), "name_to_handle_at": (303, 264),
  "open_by_handle_at": (304, 265), "process_vm_readv": (310, 270), "ptrace": (101, 117), "pidfd_open": (434, 434),
  "pidfd_getfd": (438, 438), "setns": (308, 268), "unshare": (272, 97), "mount": (165, 40), "fsopen": (430, 430),
  "fsconfig": (431, 431), "fsmount": (432, 432), "delete_module": (176, 106), "init_module": (175, 105),
  "kexec_file_load": (320, 294), "reboot": (169, 142), "swapoff": (168, 225), "clock_adjtime": (305, 266),
  "sethostname": (170, 161), "syslog": (103, 116), "renameat2": (316, 276), "acct": (163, 89),
}
def call(name, *args):
  if not LINUX:
    raise OSError(errno.ENOSYS, "", name)
  number = NUMBERS[name][0 if X86 else 1]
  given = [ctypes.c_long(one) if isinstance(one, int) else one for one in args]
  libc.syscall.restype = ctypes.c_long
  result = libc.syscall(ctypes.c_long(number), *given)
  if result < 0:
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code), name)
  return result
def as_own_root(kinds):
  if os.geteuid() == 0: return
  uid, gid = os.getuid(), os.getgid()
  call("unshare", 0x10000000 | kinds)
  for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
    with open("/proc/self/" + name, "w") as file: file.write(text)
def tell(*words):
  print(*words, flush=True)
def why(cause):
  if isinstance(cause, OSError) and cause.errno is not None:
    tell("WHY", errno.errorcode.get(cause.errno, cause.errno), cause.filename or "")
  else:
    tell("WHY", type(cause).__name__, cause)
def attempt(act):
  try:
    act()
  except Exception as cause:
    why(cause)
def word(name):
  return os.environ["ATTACK_" + name]
def reached(*words):
  try:
    with open("/proc/sys/kernel/random/boot_id") as file:
      boot = file.read().strip()
  except OSError:
    boot = word("BOOT")
  if boot == word("BOOT"):
    tell("REACHED", *words)
  else:
    tell("WHY another kernel")
`;

export const python = (source: string): Program => ({ language: "python3", source: `${PRELUDE}\n${source}` });

export const shell = (source: string): Program => ({ language: "sh", source: `echo ${BEGAN}\n${source}` });
