import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { Monitor } from "./monitor.ts";
import { ports } from "./guest-init.ts";

export interface MachineOptions {
  readonly program: string;
  readonly accelerator: "kvm" | "tcg";
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Open handles: QEMU's user need not be able to reach where they lie. */
  readonly kernel: number;
  readonly initramfs: number;
  readonly image: number | undefined;
  /** To go on from a kept state. */
  readonly state?: number | undefined;
  /** Shows in the list of processes, and tells the next kernel whose it is. */
  readonly name: string;
  /** Whom it runs as where the kernel is root. */
  readonly uid: number;
}

/** Handles of the child, behind its standard three. */
const at = { monitor: 3, job: 4, out: 5, err: 6, say: 7, kernel: 8, initramfs: 9, state: 10, image: 11 } as const;
const serials = ["job", "out", "err", "say"] as const;

/** A QEMU process: it ends with this process, whatever ends this one. */
export class Machine {
  readonly uid: number;
  readonly monitor: Monitor;
  /** Ends of the guest's ports. */
  readonly job: Socket;
  readonly out: Socket;
  readonly err: Socket;
  readonly say: Socket;
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  #complaint = "";

  constructor(options: MachineOptions) {
    const { kernel, initramfs, image, state, uid } = options;
    this.uid = uid;
    const [file = "", ...args] = commandLine(options);
    const child = spawn(file, args, {
      cwd: "/",
      env: {},
      stdio: [
        "ignore",
        "ignore",
        "pipe",
        ...Array<"pipe">(5).fill("pipe"),
        kernel,
        initramfs,
        state ?? "ignore",
        image ?? "ignore",
      ],
    });
    this.#child = child;
    child.stderr?.on("data", (piece: Buffer) => (this.#complaint = (this.#complaint + piece.toString()).slice(-2_000)));
    const socketAt = (handle: number): Socket => child.stdio[handle] as Socket;
    for (let handle = 2; handle <= at.say; handle++) socketAt(handle)?.on("error", () => undefined);
    this.monitor = new Monitor(socketAt(at.monitor));
    this.job = socketAt(at.job);
    this.out = socketAt(at.out);
    this.err = socketAt(at.err);
    this.say = socketAt(at.say);
    this.gone = new Promise((resolve) => {
      child.on("exit", () => resolve());
      child.on("error", (cause) => {
        this.#complaint = String(cause);
        resolve();
      });
    });
  }

  /** What it has last said of itself, in a line. */
  get complaint(): string {
    return this.#complaint.trim().split("\n").at(-1) ?? "";
  }

  /** Returns when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.gone;
    for (const socket of [this.job, this.out, this.err, this.say]) socket?.destroy();
  }

  /** Bytes of the machine's memory that it has. */
  async residentBytes(): Promise<number> {
    const text = await readFile(`/proc/${this.#child.pid ?? 0}/status`, "latin1").catch(() => "");
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
}

/**
 * No device but what the guest needs, no network, no way to start a program or to become another user, no dump of the
 * guest's memory. It dies with the thread that started it.
 */
function commandLine(options: MachineOptions): readonly string[] {
  const { program, accelerator, memoryBytes, cpus, image, state, name, uid } = options;
  const isRoot = process.getuid?.() === 0;
  const user = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];
  return [
    "/usr/bin/prlimit",
    "--core=0",
    "/usr/bin/setpriv",
    ...(isRoot ? user : []),
    "--no-new-privs",
    "--pdeathsig=KILL",
    program,
    "-name",
    name,
    "-machine",
    "q35,usb=off,vmport=off,smbus=off",
    "-accel",
    accelerator,
    "-cpu",
    accelerator === "kvm" ? "host" : "max",
    "-smp",
    String(cpus),
    "-m",
    `${Math.ceil(memoryBytes / 1024 / 1024)}M`,
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-nic",
    "none",
    "-no-reboot",
    "-sandbox",
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    "-chardev",
    `socket,id=monitor,fd=${at.monitor}`,
    "-mon",
    "chardev=monitor,mode=control",
    "-device",
    "virtio-serial-pci,disable-legacy=on,max_ports=8",
    ...serials.flatMap((one) => [
      "-chardev",
      `socket,id=${one},fd=${at[one]}`,
      "-device",
      `virtserialport,chardev=${one},nr=${ports[one]}`,
    ]),
    "-kernel",
    `/proc/self/fd/${at.kernel}`,
    "-initrd",
    `/proc/self/fd/${at.initramfs}`,
    "-append",
    "quiet panic=-1 random.trust_cpu=on",
    ...(image === undefined
      ? []
      : [
          "-add-fd",
          `fd=${at.image},set=1`,
          "-blockdev",
          "driver=file,node-name=image,filename=/dev/fdset/1,read-only=on,locking=off",
          "-device",
          "virtio-blk-pci,disable-legacy=on,drive=image",
        ]),
    ...(state === undefined ? [] : ["-incoming", "defer"]),
  ];
}

/** Where the state is that a machine goes on from, as QEMU names it. */
export const stateAddress = `fd:${at.state}`;
