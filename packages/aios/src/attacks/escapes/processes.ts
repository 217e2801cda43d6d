// The machine's other processes: what they are, what they know, what they hold, and whether they live.
import { plantFile, secretWord, surface } from "../planted.ts";
import { startVictim } from "../processes.ts";
import type { Victim } from "../processes.ts";
import type { Escape, Laid, Outside, Reason } from "../attack.ts";
import { python, shell } from "../python.ts";

const noPython: Reason = { is: "no-interpreter", name: "python3" };

/** A process that has a secret in its memory, and another in a file that it holds open. */
const keeper = python(String.raw`
if LINUX: libc.prctl(0x59616d61, ctypes.c_ulong(-1))
secret = ctypes.create_string_buffer(bytes.fromhex(sys.argv[1]), 16)
held = os.memfd_create("held")
os.write(held, sys.argv[1].encode())
tell(ctypes.addressof(secret), held)
time.sleep(60)`);

async function keeping(
  words: (keeper: { address: string; held: string }) => Record<string, string>,
): Promise<Laid | Reason> {
  const secret = secretWord();
  const victim = await startVictim(keeper, secret);
  if (!victim) return noPython;
  const [address = "", held = ""] = victim.said.split(" ");
  return {
    words: { PID: String(victim.pid), ...words({ address, held }) },
    secret,
    end: () => victim[Symbol.asyncDispose](),
  };
}

async function sleeping(): Promise<Victim | undefined> {
  return startVictim(shell("echo ready; sleep 60; :"));
}

/** In a user namespace of its own where its user is not root: one that the same user may join. */
const apart = (): Promise<Victim | undefined> =>
  startVictim(python('attempt(lambda: as_own_root(0x00020000))\ntell("ready")\ntime.sleep(60)'));

export const processEscapes: readonly Escape[] = [
  {
    id: "environment",
    program: shell(String.raw`env; cat /proc/self/environ /proc/1/environ /proc/[0-9]*/environ | tr '\0' '\n'`),
    lay: (_, { environmentSecret }) => ({ secret: environmentSecret }),
  },
  {
    id: "host-processes",
    program: shell(String.raw`cat /proc/[0-9]*/cmdline /proc/[0-9]*/task/*/cmdline | tr '\0' '\n'; ps axww`),
    lay: async () => {
      const secret = secretWord();
      const victim = await startVictim(shell(`echo ready; sleep 60; : ${secret}`));
      if (!victim) return { is: "no-interpreter", name: "sh" };
      return { secret, end: () => victim[Symbol.asyncDispose]() };
    },
  },
  {
    id: "signal",
    program: shell(String.raw`kill -KILL "$ATTACK_PID"; kill -KILL "-$ATTACK_PID"; kill -TERM "$ATTACK_PID"`),
    lay: async () => {
      const victim = await sleeping();
      if (!victim) return { is: "no-interpreter", name: "sh" };
      return {
        words: { PID: String(victim.pid) },
        seen: async () => ((await victim.isGone()) ? "a process outside was killed" : undefined),
        end: () => victim[Symbol.asyncDispose](),
      };
    },
  },
  {
    id: "handles",
    program: python(String.raw`
for fd in range(3, 1024):
  try:
    mode = os.fstat(fd).st_mode
  except OSError:
    continue
  try:
    if stat.S_ISREG(mode):
      tell(os.pread(fd, 4096, 0).decode("latin1"))
    elif stat.S_ISDIR(mode):
      for name in os.listdir(fd):
        if name.startswith("secret"):
          tell(os.read(os.open(name, os.O_RDONLY, dir_fd=fd), 4096).decode("latin1"))
  except OSError as cause:
    why(cause)`),
    lay: (_, { handleSecret }) =>
      handleSecret === undefined ? { is: "needs", what: "handles" } : { secret: handleSecret },
  },
  {
    id: "foreign-memory",
    program: python(String.raw`
pid, address = int(word("PID")), int(word("ADDRESS"))
def read_vm():
  into = ctypes.create_string_buffer(64)
  local = (ctypes.c_ulong * 2)(ctypes.addressof(into), 16)
  remote = (ctypes.c_ulong * 2)(address, 16)
  call("process_vm_readv", pid, local, 1, remote, 1, 0)
  tell(into.raw[:16].hex())
def read_file():
  with open("/proc/%d/mem" % pid, "rb", 0) as memory:
    memory.seek(address)
    tell(memory.read(16).hex())
def trace():
  call("ptrace", 16, pid, 0, 0)
  os.waitpid(pid, 0x40000000)
  got = b""
  for at in (0, 8):
    value = ctypes.c_long()
    call("ptrace", 2, pid, address + at, ctypes.byref(value))
    got += struct.pack("l", value.value)
  tell(got.hex())
  call("ptrace", 17, pid, 0, 0)
attempt(read_vm)
attempt(read_file)
attempt(trace)`),
    lay: () => keeping(({ address }) => ({ ADDRESS: address })),
  },
  {
    id: "foreign-handle",
    program: python(String.raw`
def steal():
  fd = call("pidfd_getfd", call("pidfd_open", int(word("PID")), 0), int(word("HELD")), 0)
  tell(os.pread(fd, 64, 0).decode())
def reopen():
  with open("/proc/%s/fd/%s" % (word("PID"), word("HELD"))) as file:
    tell(file.read())
attempt(steal)
attempt(reopen)`),
    lay: () => keeping(({ held }) => ({ HELD: held })),
  },
  {
    id: "join-namespace",
    program: python(String.raw`
def join(open_one, kinds):
  call("setns", open_one(), kinds)
  with open(word("FILE")) as file:
    tell(file.read())
pid = int(word("PID"))
attempt(lambda: join(lambda: call("pidfd_open", pid, 0), 0x00020000))
attempt(lambda: join(lambda: os.open("/proc/%d/ns/mnt" % pid, os.O_RDONLY), 0))
attempt(lambda: join(lambda: os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
attempt(lambda: join(lambda: call("pidfd_open", pid, 0), 0x10000000 | 0x00020000))`),
    lay: async (_, { folder }) => {
      const victim = await apart();
      if (!victim) return { is: "no-interpreter", name: "python3" };
      const { path, secret, end } = plantFile(folder);
      return {
        words: { PID: String(victim.pid), FILE: path },
        secret,
        end: async () => (end(), victim[Symbol.asyncDispose]()),
      };
    },
  },
  {
    id: "keyring",
    program: python(String.raw`
def search(ring):
  key = call("keyctl", 10, ring, ctypes.c_char_p(b"user"), ctypes.c_char_p(word("KEY").encode()), 0)
  into = ctypes.create_string_buffer(64)
  call("keyctl", 11, key, into, 64)
  tell(into.value.decode())
for ring in (-3, -4, -5):
  attempt(lambda: search(ring))`),
    lay: async (_, { ordinarily }) => {
      const secret = secretWord();
      const name = `aios-attack-${secretWord()}`;
      const { output, isMissing } = await ordinarily(keyPlanter, { KEY: name, SECRET: secret });
      if (isMissing) return noPython;
      if (!output.includes("PLANTED")) return { is: "refused", text: output.trim() };
      const end = async (): Promise<void> => void (await ordinarily(keyRemover, { KEY: name }));
      return { words: { KEY: name }, secret, end };
    },
  },
  {
    id: "shared-memory",
    program: python(String.raw`
def attach():
  libc.shmat.restype = ctypes.c_void_p
  at = libc.shmat(int(word("SEGMENT")), None, 0o10000)
  if at in (None, ctypes.c_void_p(-1).value):
    raise OSError(ctypes.get_errno(), "", "shmat")
  tell(ctypes.string_at(at, 32).decode("latin1"))
attempt(attach)
attempt(lambda: tell(open("/proc/sysvipc/shm").read()))`),
    lay: async (_, { ordinarily }) => {
      const secret = secretWord();
      const { output, isMissing } = await ordinarily(segmentPlanter, { SECRET: secret });
      const segment = /SEGMENT (\d+)/.exec(output)?.[1];
      if (segment === undefined) return isMissing ? noPython : { is: "refused", text: output.trim() };
      const end = async (): Promise<void> => void (await ordinarily(segmentRemover, { SEGMENT: segment }));
      return { words: { SEGMENT: segment }, secret, end };
    },
  },
  {
    id: "shared-folder",
    program: shell(
      String.raw`cat "/dev/shm/$ATTACK_NAME" "/tmp/$ATTACK_NAME" "/run/shm/$ATTACK_NAME" "/var/tmp/$ATTACK_NAME"`,
    ),
    lay: (_, outside) => sharedFile(outside),
  },
  {
    id: "set-user-id",
    program: python(String.raw`
import glob, subprocess
if os.environ.get("ATTACK_CONTROL") and os.getuid() == 0:
  os.setgroups([])
  os.setgid(65534)
  os.setuid(65534)
def raised():
  for path in sorted(glob.glob("/usr/bin/*") + glob.glob("/bin/*") + glob.glob("/usr/sbin/*")):
    if os.path.basename(path) not in ("su", "passwd", "newgrp", "chsh", "chfn", "sudo"):
      continue
    mode = os.stat(path)
    if not mode.st_mode & stat.S_ISUID or mode.st_uid != 0:
      continue
    for _ in range(5):
      child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
      for _ in range(200):
        try:
          ids = [line for line in open("/proc/%d/status" % child.pid) if line.startswith("Uid:")][0].split()
        except (OSError, IndexError):
          break
        if ids[2] == "0" and ids[1] != "0":
          reached(path, "runs as root")
          return
      child.kill()
      child.wait()
  tell("WHY no program gained the rights of root")
attempt(raised)`),
    lay: () => surface(),
  },
  {
    id: "runner-overwrite",
    // The program that starts sandboxes, reached by way of /proc (CVE-2019-5736): "busy" is said to who may write it.
    program: python(String.raw`
ours = set(word("PROGRAMS").split())
for path in ("/proc/1/exe", "/proc/self/exe", "/proc/%d/exe" % os.getppid()):
  try:
    seen = os.stat(path)
    try:
      os.close(os.open(path, os.O_WRONLY))
    except OSError as cause:
      if cause.errno != errno.ETXTBSY:
        raise
    if "%d:%d" % (seen.st_dev, seen.st_ino) in ours:
      reached("may write", os.readlink(path))
    else:
      tell("WHY a program of its own")
  except OSError as cause:
    why(cause)`),
    lay: async (_, { ordinarily }) => {
      const { output, isMissing } = await ordinarily(programLister, {});
      if (isMissing) return noPython;
      return surface({ PROGRAMS: output.trim() });
    },
  },
];

async function sharedFile({ folder }: Outside): Promise<Laid | Reason> {
  const errors: string[] = [];
  for (const shared of ["/dev/shm", "/tmp", folder]) {
    try {
      const { path, secret, end } = plantFile(shared);
      return { words: { NAME: path.slice(path.lastIndexOf("/") + 1) }, secret, end };
    } catch (cause) {
      errors.push(String((cause as NodeJS.ErrnoException).code));
    }
  }
  return { is: "refused", text: errors.join(", ") };
}

const keyPlanter = python(String.raw`
def act():
  secret = word("SECRET").encode()
  call("add_key", ctypes.c_char_p(b"user"), ctypes.c_char_p(word("KEY").encode()), ctypes.c_char_p(secret), len(secret), -3)
  tell("PLANTED")
attempt(act)`);
const keyRemover = python(String.raw`
def act():
  key = call("keyctl", 10, -3, ctypes.c_char_p(b"user"), ctypes.c_char_p(word("KEY").encode()), 0)
  call("keyctl", 9, key, -3)
attempt(act)`);
const segmentPlanter = python(String.raw`
segment = libc.shmget(0, 4096, 0o1666)
if segment < 0:
  why(OSError(ctypes.get_errno(), "", "shmget"))
else:
  libc.shmat.restype = ctypes.c_void_p
  secret = word("SECRET").encode()
  ctypes.memmove(libc.shmat(segment, None, 0), secret, len(secret))
  tell("SEGMENT", segment)`);
const segmentRemover = python(String.raw`libc.shmctl(int(word("SEGMENT")), 0, None)`);
const programLister = python(String.raw`
import shutil
found = [sys.executable, *(shutil.which(name) for name in ("bwrap", "runc", "crun", "conmon", "node", "sh", "podman"))]
for path in ["/proc/self/exe", *found]:
  if path:
    seen = os.stat(path)
    print("%d:%d" % (seen.st_dev, seen.st_ino), end=" ")`);
