// Programs that take all there is. Held is what ends, stays below its bound, leaves the sandbox usable, and leaves nothing behind.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import type { Bounds, Contest, Ground, Outcome, Program, Ran } from "./attack.ts";
import { failureOf } from "./escape.ts";
import { secretWord } from "./planted.ts";
import { python, shell } from "./python.ts";

const MIB = 1_048_576;

/** Small, that a control harms no machine. */
export const BOUNDS: Bounds = {
  memoryBytes: 256 * MIB,
  processes: 48,
  openFiles: 96,
  fileBytes: 16 * MIB,
  outputBytes: MIB,
  wallMs: 6_000,
};

interface Bomb {
  readonly id: string;
  /** Prints `TOOK n` as it goes. */
  readonly program: Program;
  /** More than that of what it takes is an escape. */
  readonly bound: number;
  readonly words?: Readonly<Record<string, string>>;
}

const took = ({ output }: Ran): number =>
  Math.max(0, ...[...output.matchAll(/TOOK (\d+)/g)].map(([, count]) => Number(count)));

/** A little beyond its bound, no more: the control does the same to the machine. */
const beyond = (bound: number, share: number): string => String(Math.ceil(bound * share));

const filler = python(String.raw`
def act():
  folder, most = word("WHERE"), int(word("MOST"))
  path = folder + "/aios-attack-" + word("TOKEN")
  names, taken, block = [], 0, bytes(1 << 20)
  try:
    while taken < most:
      name = path if word("FILES") == "one" else "%s-%d" % (path, taken >> 22)
      if name not in names: names.append(name)
      with open(name, "ab", 0) as file:
        taken += file.write(block)
      if taken % (8 << 20) == 0: tell("TOOK", taken)
    tell("TOOK", taken)
  finally:
    for name in names: os.unlink(name)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
attempt(act)`);

const bombs: readonly Bomb[] = [
  {
    id: "fork-bomb",
    program: python(String.raw`
def act():
  children = []
  try:
    for count in range(1, int(word("MOST")) + 1):
      child = os.fork()
      if child == 0:
        time.sleep(30)
        os._exit(0)
      children.append(child)
      tell("TOOK", count)
  finally:
    for child in children: os.kill(child, 9)
attempt(act)`),
    bound: BOUNDS.processes,
  },
  {
    id: "memory-bomb",
    program: python(String.raw`
def act():
  held = []
  for count in range(1, int(word("MOST")) // (8 << 20) + 1):
    held.append(b"\x01" * (8 << 20))
    tell("TOOK", count * (8 << 20))
attempt(act)`),
    bound: BOUNDS.memoryBytes,
  },
  // Memory that no process has mapped is in none's account.
  {
    id: "memfd-bomb",
    program: python(String.raw`
def act():
  held, block, taken = [], bytes(1 << 20), 0
  while taken < int(word("MOST")):
    held.append(os.memfd_create("aios-attack"))
    for _ in range(12):
      taken += os.write(held[-1], block)
    tell("TOOK", taken)
attempt(act)`),
    bound: BOUNDS.memoryBytes,
  },
  {
    id: "segment-bomb",
    program: python(String.raw`
libc.shmat.restype = ctypes.c_void_p
libc.shmdt.argtypes = [ctypes.c_void_p]
held = []
def act():
  size, taken = 16 << 20, 0
  while taken < int(word("MOST")):
    one = libc.shmget(0, size, 0o600)
    if one < 0:
      raise OSError(ctypes.get_errno(), "", "shmget")
    held.append(one)
    at = libc.shmat(one, None, 0)
    if at in (None, ctypes.c_void_p(-1).value):
      raise OSError(ctypes.get_errno(), "", "shmat")
    ctypes.memset(at, 1, size)
    libc.shmdt(at)
    taken += size
    tell("TOOK", taken)
attempt(act)
for one in held: libc.shmctl(one, 0, None)`),
    bound: BOUNDS.memoryBytes,
  },
  { id: "file-bomb", program: filler, bound: BOUNDS.fileBytes, words: { WHERE: ".", FILES: "one" } },
  // More than the sandbox's own memory is not to be found in a folder that is kept in memory.
  { id: "tmp-bomb", program: filler, bound: BOUNDS.memoryBytes, words: { WHERE: "/tmp", FILES: "many" } },
  { id: "shm-bomb", program: filler, bound: BOUNDS.memoryBytes, words: { WHERE: "/dev/shm", FILES: "many" } },
  // What is no process's memory: names (each takes half a kilobyte of the system's at the least), and what waits in sockets.
  {
    id: "entry-bomb",
    program: python(String.raw`
def act():
  folder = "/dev/shm/aios-attack-" + word("TOKEN")
  os.mkdir(folder)
  count = 0
  try:
    while count * 512 < int(word("MOST")):
      os.mknod("%s/%d" % (folder, count))
      count += 1
      if count % 4096 == 0: tell("TOOK", count * 512)
    tell("TOOK", count * 512)
  finally:
    for one in range(count): os.unlink("%s/%d" % (folder, one))
    os.rmdir(folder)
attempt(act)`),
    bound: BOUNDS.memoryBytes,
  },
  {
    id: "socket-bomb",
    program: python(String.raw`
import socket
def fill(done):
  held, taken, block = [], 0, bytes(1 << 16)
  try:
    for _ in range(40):
      pair = socket.socketpair()
      held.append(pair)
      for one in pair:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        try:
          while True: taken += one.send(block)
        except BlockingIOError: pass
  except OSError: pass
  os.write(done, b"%d " % taken)
  time.sleep(30)
def act():
  children, taken = [], 0
  try:
    while taken < int(word("MOST")):
      heard, done = os.pipe()
      child = os.fork()
      if child == 0:
        fill(done)
        os._exit(0)
      os.close(done)
      children.append(child)
      taken += int(os.read(heard, 64) or b"0")
      os.close(heard)
      tell("TOOK", taken)
  finally:
    for child in children: os.kill(child, 9)
attempt(act)`),
    bound: BOUNDS.memoryBytes,
  },
  {
    id: "handle-bomb",
    program: python(String.raw`
def act():
  held = []
  for count in range(1, int(word("MOST")) + 1):
    held.append(os.open("/dev/null", os.O_RDONLY))
    tell("TOOK", count)
attempt(act)`),
    bound: BOUNDS.openFiles,
  },
  {
    id: "sparse-file",
    program: python(String.raw`
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def act():
  with open("aios-attack-" + word("TOKEN"), "wb") as file:
    try:
      file.truncate(1 << 36)
      tell("TOOK", 1 << 36)
    finally:
      os.unlink(file.name)
attempt(act)`),
    bound: BOUNDS.fileBytes,
  },
];

const contestOf = ({ id, program, bound, words }: Bomb): Contest => ({
  id,
  run: async (ground) => {
    const ran = await ground.run(program, { TOKEN: secretWord(), MOST: beyond(bound, 1.4), ...words });
    const failure = ran.isMissing ? missing(program) : failureOf(ran);
    if (failure) return failure;
    const most = took(ran);
    if (most > bound) return { is: "escaped", how: `it took ${most} of ${bound}` };
    return (await isUsable(ground)) ?? { is: "held", why: `${most} of ${bound}; ${reasonOf(ran)}` };
  },
});

const missing = ({ language }: Program): Outcome => ({ is: "unknown", why: { is: "no-interpreter", name: language } });

const reasonOf = ({ output, code, exceeded }: Ran): string =>
  exceeded ?? /^WHY (.*)$/m.exec(output)?.[1] ?? (code === null ? "killed" : `exit code ${code}`);

/** The next command must find room again. */
async function isUsable(ground: Ground): Promise<Outcome | undefined> {
  const { output } = await ground.run(shell("echo usable"), {});
  return output.includes("usable") ? undefined : { is: "escaped", how: "the sandbox is of no use any more" };
}

const flood: Contest = {
  id: "output-flood",
  run: async (ground) => {
    const program = shell(String.raw`head -c 4194304 /dev/zero | tr '\0' x`);
    const ran = await ground.run(program, {});
    const failure = failureOf(ran);
    if (failure) return failure;
    const { length } = ran.output;
    // Of a control all that it printed is counted, kept or not.
    const all = ground.isControl ? length + ran.droppedBytes : length;
    if (all > BOUNDS.outputBytes) return { is: "escaped", how: `${all} bytes came out` };
    return (await isUsable(ground)) ?? { is: "held", why: `${length} bytes came out, ${ran.droppedBytes} did not` };
  },
};

/** Processes of the machine that bear the word, in their command line. */
function bearers(token: string): number[] {
  if (platform() === "darwin") return bearersByPs(token);
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(token) ? [Number(name)] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function bearersByPs(token: string): number[] {
  return execFileSync("/bin/ps", ["-axwwo", "pid=,args="], { encoding: "utf8", maxBuffer: 64 * MIB })
    .split("\n")
    .filter((line) => line.includes(token))
    .map((line) => Number.parseInt(line, 10));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends what is left of ours, whoever started it. */
function endAll(token: string): void {
  for (const pid of bearers(token))
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended meanwhile
    }
}

const busyLoop: Contest = {
  id: "busy-loop",
  run: async (ground) => {
    const token = secretWord();
    const program = shell(`trap '' TERM INT HUP; while : ; do : ${token} ; done`);
    const wallMs = 1_000;
    try {
      // Nobody ends an ordinary child but its starter.
      const running = ground.run(program, {}, { wallMs: ground.isControl ? 4 * wallMs : wallMs });
      if (ground.isControl) {
        await pause(2 * wallMs);
        const isRunning = bearers(token).length > 0;
        endAll(token);
        await running;
        return isRunning ? { is: "escaped", how: "it runs on" } : { is: "held", why: "it has ended" };
      }
      const ran = await running;
      const failure = failureOf(ran);
      if (failure) return failure;
      await pause(100);
      if (bearers(token).length > 0) return { is: "escaped", how: "it runs on" };
      if (ran.exceeded !== "wallMs") return { is: "escaped", how: `its end says ${JSON.stringify(ran.exceeded)}` };
      return (await isUsable(ground)) ?? { is: "held", why: "killed in time" };
    } finally {
      endAll(token);
    }
  },
};

/** Its parent has ended, and it belongs to no group and no session of its starter: still it ends with its command. */
const survivor: Contest = {
  id: "survivor",
  run: async (ground) => {
    const token = secretWord();
    const program = python(String.raw`
import signal
for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(one, signal.SIG_IGN)
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    os.closerange(0, 3)
    until = time.monotonic() + 20
    while time.monotonic() < until:
      with open("survivor-${token}", "a") as file: file.write(".")
      time.sleep(0.02)
  os._exit(0)
time.sleep(0.3)
tell("LEFT")`);
    const trace = join(ground.workspace, `survivor-${token}`);
    const size = (): number => (existsSync(trace) ? statSync(trace).size : 0);
    try {
      const ran = await ground.run(program, {});
      if (ran.isMissing) return missing(program);
      if (!ran.output.includes("LEFT"))
        return { is: "unknown", why: { is: "failed", text: ran.output.trim().slice(-200) } };
      const then = size();
      await pause(400);
      if (bearers(token).length > 0) return { is: "escaped", how: "it outlives its sandbox" };
      if (size() > then) return { is: "escaped", how: "it still writes" };
      return (await isUsable(ground)) ?? { is: "held", why: "it ended with its command" };
    } finally {
      endAll(token);
      rmSync(trace, { force: true });
    }
  },
};

export const bombContests: readonly Contest[] = [...bombs.map(contestOf), flood, busyLoop, survivor];
