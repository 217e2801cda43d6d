import { createHash, randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { ByteReader } from "./byte-reader.ts";
import type { Guest } from "./guest.ts";
import { readyLine } from "./guest-init.ts";
import { Machine, stateAddress } from "./machine.ts";

const mebibyte = 1024 * 1024;
/** What Linux and the root for commands take of a machine's memory. */
const systemBytes = 224 * mebibyte;
const smallestBytes = 512 * mebibyte;
/** Numbers that no user of a machine has: systemd.io/UIDS-GIDS leaves them to nobody. */
const firstUid = 1_900_000_000;
const uids = 100_000_000;
const unfinishedMs = 600_000;
const status = z.object({ status: z.string() });
const migration = z.object({ status: z.string().optional(), "error-desc": z.string().optional() });

export interface TemplatesOptions {
  /** Where they are kept; a kernel that finds one there has not to boot. */
  readonly folder: string;
  readonly program: string;
  /** Of QEMU: another one does not go on from a state of this one. */
  readonly version: string;
  readonly accelerator: "kvm" | "tcg";
  readonly cpus: number;
  /** How long a guest may take until it waits for a job. */
  readonly bootMs: number;
}

interface Template {
  readonly memoryBytes: number;
  readonly state: string;
  readonly initramfs: string;
}

/**
 * Guests that have booted once and wait for a job; each machine goes on from there (measured under emulation: 0.2 s in the
 * place of 3.5). One for each size of memory: sizes double, so that there are few.
 */
export class Templates {
  readonly #options: TemplatesOptions;
  readonly #made = new Map<string, Promise<Template>>();

  constructor(options: TemplatesOptions) {
    this.#options = options;
  }

  /** A machine that waits for its job, with so much memory for what is sent to it and what it does. */
  async start(
    guest: Guest,
    { usableBytes, name }: { readonly usableBytes: number; readonly name: string },
  ): Promise<Machine> {
    const template = await this.#get(guest, sizeFor(usableBytes));
    await using stack = new AsyncDisposableStack();
    const state = stack.use(await open(template.state, "r"));
    const machine = await this.#spawn(guest, template, { state, name });
    try {
      await machine.monitor.ask("qmp_capabilities");
      await machine.monitor.ask("migrate-incoming", { uri: stateAddress });
      while (status.parse(await machine.monitor.ask("query-status")).status === "inmigrate") await sleep(10);
      await machine.monitor.ask("cont");
      return machine;
    } catch (cause) {
      await machine.kill();
      throw new SysError("EIO", `the virtual machine cannot be started: ${machine.complaint}`, { cause });
    }
  }

  /** Boots one guest to see that it can be done. @throws SysError ENOSYS it does not boot. */
  async prove(guest: Guest): Promise<void> {
    await this.#get(guest, smallestBytes);
  }

  #get(guest: Guest, memoryBytes: number): Promise<Template> {
    const { version, accelerator, cpus } = this.#options;
    const key = createHash("sha256")
      .update(JSON.stringify([guest.hash, version, accelerator, cpus, memoryBytes]))
      .digest("hex")
      .slice(0, 32);
    const getting = this.#made.get(key) ?? this.#find(guest, key, memoryBytes);
    this.#made.set(key, getting);
    getting.catch(() => this.#made.delete(key));
    return getting;
  }

  async #find(guest: Guest, key: string, memoryBytes: number): Promise<Template> {
    const folder = join(this.#options.folder, key);
    const template: Template = { memoryBytes, state: join(folder, "state"), initramfs: join(folder, "initramfs") };
    const isThere = await stat(folder).then(
      () => true,
      () => false,
    );
    if (isThere) return template;
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    await this.#forgetOthers(guest);
    const beside = join(this.#options.folder, `.new-${randomUUID()}`);
    try {
      await mkdir(beside, { mode: 0o700 });
      await writeFile(join(beside, "guest"), guest.hash);
      // QEMU's user opens it anew by its handle.
      await writeFile(join(beside, "initramfs"), guest.initramfs);
      await chmod(join(beside, "initramfs"), 0o644);
      await this.#boot(guest, { memoryBytes, state: join(beside, "state"), initramfs: join(beside, "initramfs") });
      await rename(beside, folder);
    } catch (cause) {
      await rm(beside, { recursive: true, force: true });
      // Another kernel may have made it meanwhile.
      if ((cause as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw cause;
    }
    return template;
  }

  async #boot(guest: Guest, template: Template): Promise<void> {
    const machine = await this.#spawn(guest, template, { state: undefined, name: "aios-template" });
    const { bootMs } = this.#options;
    let isLate = false;
    const clock = setTimeout(() => {
      isLate = true;
      void machine.kill();
    }, bootMs);
    try {
      const said = await new ByteReader(machine.say).line();
      if (said !== readyLine) throw new SysError("EIO", "the guest says what is not understood");
      await machine.monitor.ask("qmp_capabilities");
      await machine.monitor.ask("stop");
      await keepState(machine, template.state);
    } catch (cause) {
      const why = isLate ? `not within ${bootMs / 1000} s` : machine.complaint || "it ended";
      throw new SysError("ENOSYS", `the guest does not boot by ${this.#options.accelerator}: ${why}`, {
        hint: "make the guest anew (aios sandbox guest), or set sandbox.qemu.accelerator to tcg",
        cause,
      });
    } finally {
      clearTimeout(clock);
      await machine.kill();
    }
  }

  async #spawn(
    guest: Guest,
    { memoryBytes, initramfs }: Template,
    { state, name }: { readonly state: FileHandle | undefined; readonly name: string },
  ): Promise<Machine> {
    const { program, accelerator, cpus } = this.#options;
    await using stack = new AsyncDisposableStack();
    const openFile = async (path: string): Promise<number> => stack.use(await open(path, "r")).fd;
    return new Machine({
      program,
      accelerator,
      cpus,
      memoryBytes,
      kernel: await openFile(guest.kernelPath),
      initramfs: await openFile(initramfs),
      image: guest.imagePath === undefined ? undefined : await openFile(guest.imagePath),
      state: state?.fd,
      name,
      uid: firstUid + randomInt(uids),
    });
  }

  /** Of guests before, and what was never finished: each takes 130 MB and more. */
  async #forgetOthers(guest: Guest): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder)) {
      if (name.startsWith(".")) {
        if ((await stat(join(folder, name))).mtimeMs < Date.now() - unfinishedMs)
          await rm(join(folder, name), { recursive: true, force: true });
        continue;
      }
      const made = await open(join(folder, name, "guest"), "r").catch(() => undefined);
      const hash = await made?.readFile("utf8");
      await made?.close();
      if (hash !== guest.hash) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

function sizeFor(usableBytes: number): number {
  let size = smallestBytes;
  while (size < usableBytes + systemBytes) size *= 2;
  return size;
}

/** By a socket that QEMU's user alone can reach: it can write to no file. */
async function keepState(machine: Machine, to: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "aios-state-"));
  const server = createServer();
  try {
    server.listen(join(folder, "s"));
    await once(server, "listening");
    if (process.getuid?.() === 0)
      for (const path of [folder, join(folder, "s")]) await chown(path, machine.uid, machine.uid);
    const accepted = once(server, "connection") as Promise<[Socket]>;
    await machine.monitor.ask("migrate", { uri: `unix:${join(folder, "s")}` });
    const [socket] = await Promise.race([accepted, machine.gone.then(() => Promise.reject(new Error("it ended")))]);
    await pipeline(socket, createWriteStream(to, { mode: 0o600 }));
    for (;;) {
      const seen = migration.parse(await machine.monitor.ask("query-migrate"));
      if (seen.status === "completed") return;
      if (seen.status === "failed") throw new SysError("EIO", `its state cannot be kept: ${seen["error-desc"] ?? ""}`);
      await sleep(10);
    }
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
