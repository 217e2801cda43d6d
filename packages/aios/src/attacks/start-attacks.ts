// Starts the attacked process as a user's own is started: from a terminal, with open handles and secrets in its environment.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AttackedEngine, AttackedGuest } from "../boot-attacks.ts";
import type { Asked, DriverState, Told } from "./attack-child.ts";
import { secretWord } from "./planted.ts";
import type { TrialRow } from "./trial.ts";

export interface AttackOptions {
  /** Names of drivers. Default: all that are available and claim `process` or stronger. */
  readonly drivers?: readonly string[] | undefined;
  /** Of containers. Default: the one that this machine has. */
  readonly engine?: AttackedEngine | undefined;
  /** Of virtual machines. Default: none. */
  readonly guest?: AttackedGuest | undefined;
  /** Only attacks whose id holds it. */
  readonly only?: string | undefined;
  /** The user of the machine to attack as. Default: this one; another takes root. */
  readonly uid?: number | undefined;
  /** Where the user's credentials are. */
  readonly userHome: string;
  /** In a network of its own, where 169.254.169.254 is ours to answer at. Takes root and python3. */
  readonly isApart?: boolean | undefined;
  readonly signal: AbortSignal;
  readonly onRow?: ((row: TrialRow) => void) | undefined;
}

export interface AttackReport {
  readonly drivers: readonly DriverState[];
  readonly rows: readonly TrialRow[];
}

/** Handles that no program of ours closes by counting: Node marks those from 3 on that follow each other. */
const FIRST_HANDLE = 200;

const isSource = import.meta.url.endsWith(".ts");
const child = fileURLToPath(new URL(`./attack-child${isSource ? ".ts" : ".js"}`, import.meta.url));

/**
 * All attacks, first as ordinary children and then inside every available driver. On Linux and macOS.
 * @throws Error where the attacked process cannot run to its end.
 */
export async function startAttacks(options: AttackOptions): Promise<AttackReport> {
  const { uid, signal } = options;
  using stack = new DisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "aios-attacks-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  // Anybody may look in: not its mode alone is to keep a sandbox out.
  chmodSync(folder, 0o755);
  const userHome = uid === undefined ? options.userHome : join(folder, "user");
  for (const made of [folder, join(folder, "user"), join(folder, "open")]) {
    mkdirSync(made, { recursive: true });
    if (uid !== undefined) chownSync(made, uid, uid);
  }
  const handleSecret = secretWord();
  const opened = join(folder, "open", "secret");
  writeFileSync(opened, handleSecret);
  const handles = [opened, join(folder, "open")].map((path) => openSync(path, "r"));
  for (const handle of handles) stack.defer(() => closeSync(handle));
  const python = ["/usr/bin/python3", "python3"].find((path) => spawnSync(path, ["-c", ""]).status === 0);
  const terminal = python === undefined ? undefined : join(folder, "terminal");
  if (terminal !== undefined) {
    writeFileSync(terminal, "");
    if (uid !== undefined) chownSync(terminal, uid, uid);
  }
  const environmentSecret = secretWord();
  const node = [process.execPath, ...(isSource ? ["--conditions=aios-source"] : []), child];
  const [file = "", ...args] =
    terminal === undefined ? node : [python ?? "", "-c", HOLDER, terminal, options.isApart ? "apart" : "here", ...node];
  const attacked = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe", "ipc", ...Array<"ignore">(FIRST_HANDLE - 4).fill("ignore"), ...handles],
    env: { ...process.env, HOME: userHome, AIOS_PLANTED_TOKEN: environmentSecret },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const stop = (): void => void attacked.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  stack.defer(() => signal.removeEventListener("abort", stop));
  let complaint = "";
  for (const stream of [attacked.stdout, attacked.stderr])
    stream?.setEncoding("utf8").on("data", (piece: string) => (complaint = (complaint + piece).slice(-2_000)));
  attacked.send({
    folder,
    userHome,
    drivers: options.drivers,
    engine: options.engine,
    guest: options.guest,
    only: options.only ?? "",
    handleSecret,
    environmentSecret,
    terminal,
  } satisfies Asked);
  const report = await listen(attacked, options);
  signal.throwIfAborted();
  if (report.isOver) return report;
  const shown = terminal === undefined ? "" : readFileSync(terminal, "utf8").slice(-2_000);
  throw new Error(`the attacks ended before their end: ${report.failure ?? ""}${complaint}${shown}`);
}

async function listen(
  attacked: ChildProcess,
  { onRow }: AttackOptions,
): Promise<AttackReport & { isOver: boolean; failure: string | undefined }> {
  let drivers: readonly DriverState[] = [];
  const rows: TrialRow[] = [];
  let isOver = false;
  let failure: string | undefined;
  attacked.on("message", (told: Told) => {
    switch (told.is) {
      case "drivers":
        drivers = told.drivers;
        return;
      case "row":
        rows.push(told.row);
        onRow?.(told.row);
        return;
      case "over":
        isOver = true;
        return;
      case "failed":
        failure = told.text;
    }
  });
  await once(attacked, "exit");
  return { drivers, rows, isOver, failure };
}

/**
 * Holds the terminal of the attacked process and copies what it shows to a file, and gives it a ring of keys that its children
 * share, as a login does. Node has neither.
 */
const HOLDER = String.raw`
import ctypes, fcntl, os, platform, pty, signal, socket, struct, sys
shown, where, command = sys.argv[1], sys.argv[2], sys.argv[3:]
libc = ctypes.CDLL(None)
if sys.platform == "linux":
  libc.syscall(250 if platform.machine() == "x86_64" else 219, 1, 0)
if where == "apart":
  if libc.unshare(0x40000000) != 0:
    sys.exit("no network of its own")
  with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
    fcntl.ioctl(way, 0x8914, struct.pack("16sh22x", b"lo", 0x41))
    address = socket.inet_aton("169.254.169.254")
    fcntl.ioctl(way, 0x8916, struct.pack("16sH2x4s16x", b"lo:1", socket.AF_INET, address))
pid, terminal = pty.fork()
if pid == 0:
  os.execv(command[0], command)
for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
  signal.signal(one, lambda *_: os.kill(pid, signal.SIGTERM))
with open(shown, "ab", 0) as file:
  while True:
    try:
      piece = os.read(terminal, 65536)
    except OSError:
      break
    if not piece:
      break
    file.write(piece)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)`;
