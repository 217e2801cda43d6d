import { randomUUID } from "node:crypto";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { SysError } from "@aiosjs/sdk/protocol";
import type {
  Sandbox,
  SandboxCommand,
  SandboxEvent,
  SandboxLimits,
  SandboxSpec,
  SandboxStats,
} from "../../../kernel/ports.ts";
import { faultOf, home, isFolder, pathInHome } from "./home-files.ts";
import { cancelled, JsCommand } from "./js-command.ts";
import { programOf } from "./program.ts";

const mebibyte = 1024 * 1024;
const defaults = { memoryBytes: 64 * mebibyte, fileBytes: 16 * mebibyte, outputBytes: mebibyte, wallMs: 30_000 };
const homeBytes = 64 * mebibyte;
/** One holds what it was taken of, even when all of it has changed since. */
const snapshotsAtMost = 16;

type Files = ReadonlyMap<string, Uint8Array>;

interface Opening {
  /** URL of the library. */
  readonly library: string;
  readonly files?: Files;
  readonly add: (sandbox: QuickJsSandbox) => void;
  readonly forget: (id: string) => void;
}

/** Its home folder is in memory: it ends with the kernel. */
export class QuickJsSandbox implements Sandbox {
  readonly id: string;
  readonly tenant: TenantId;
  readonly home = home;
  readonly #spec: SandboxSpec;
  readonly #opening: Opening;
  readonly #limits: typeof defaults;
  readonly #running = new Set<JsCommand>();
  readonly #snapshots = new Map<string, Files>();
  /** Contents are replaced, never changed: a snapshot is a copy of the table alone. */
  #files: Map<string, Uint8Array>;
  #isDeleted = false;

  constructor(spec: SandboxSpec, opening: Opening) {
    this.id = spec.id;
    this.tenant = spec.tenant;
    this.#spec = spec;
    this.#opening = opening;
    this.#files = new Map(opening.files);
    this.#limits = narrowed(defaults, spec.limits, { mayWiden: true });
  }

  async *exec(command: SandboxCommand): AsyncGenerator<SandboxEvent, void, undefined> {
    this.#assertLive();
    if (command.signal.aborted) throw cancelled(command.signal);
    const { code, name, args } = programOf(command, this.#files);
    const { wallMs, outputBytes, ...limits } = narrowed(this.#limits, command.limits, { mayWiden: false });
    const { environment = {}, input = "", folder = home } = command;
    const running = new JsCommand({
      setup: {
        ...limits,
        homeBytes,
        outputBytes,
        library: this.#opening.library,
        code,
        name,
        args,
        environment: { PATH: "/bin", HOME: home, LANG: "C.UTF-8", ...environment },
        folder,
        input: typeof input === "string" ? input : new TextDecoder().decode(input),
        files: this.#files,
      },
      wallMs,
      keep: (changed) => {
        for (const [path, bytes] of changed) {
          if (bytes) this.#files.set(path, bytes);
          else this.#files.delete(path);
        }
      },
    });
    this.#running.add(running);
    try {
      yield* running.events(command.signal);
    } finally {
      this.#running.delete(running);
    }
  }

  async upload(path: string, bytes: Uint8Array): Promise<void> {
    this.#assertLive();
    const at = inHome(path);
    const bounds = { fileBytes: this.#limits.fileBytes, homeBytes };
    const fault = faultOf(this.#files, { path: at, sizeBytes: bytes.length, bounds });
    if (fault) throw new SysError(fault.code, fault.message, { hint: "limits.fileBytes of the sandbox bounds a file" });
    this.#files.set(at, bytes.slice());
  }

  async download(path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
    this.#assertLive();
    const at = inHome(path);
    const bytes = this.#files.get(at);
    if (!bytes && isFolder(this.#files, at)) throw new SysError("EINVAL", `"${path}" is a folder`);
    if (!bytes) throw new SysError("ENOENT", `there is no file ${path} in sandbox ${this.id}`);
    if (bytes.length > maxBytes)
      throw new SysError("E2BIG", `${path} has ${bytes.length} bytes, more than the ${maxBytes} asked for`);
    return bytes.slice();
  }

  async snapshot(): Promise<string> {
    this.#assertQuiet("a snapshot is taken");
    if (this.#snapshots.size >= snapshotsAtMost)
      throw new SysError("ENOSPC", `sandbox ${this.id} has ${snapshotsAtMost} snapshots`, {
        hint: "make another sandbox",
      });
    const name = randomUUID();
    this.#snapshots.set(name, new Map(this.#files));
    return name;
  }

  async revert(snapshot: string): Promise<void> {
    this.#assertQuiet("it is reverted");
    const files = this.#snapshots.get(snapshot);
    if (!files) throw new SysError("ENOENT", `sandbox ${this.id} has no snapshot ${snapshot}`);
    this.#files = new Map(files);
  }

  async stats(): Promise<SandboxStats> {
    this.#assertLive();
    const running = [...this.#running];
    const memory = await Promise.all(running.map((command) => command.memoryBytes()));
    return {
      processes: running.length,
      memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
      diskBytes: [...this.#files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
    };
  }

  async stop(): Promise<void> {
    this.#assertLive();
    await this.#kill();
  }

  async delete(): Promise<void> {
    // Its id may be another's by now.
    if (this.#isDeleted) return;
    this.#isDeleted = true;
    this.#files.clear();
    this.#snapshots.clear();
    this.#opening.forget(this.id);
    await this.#kill();
  }

  readonly fork = async (id: string): Promise<Sandbox> => {
    this.#assertLive();
    const forked = new QuickJsSandbox({ ...this.#spec, id }, { ...this.#opening, files: this.#files });
    this.#opening.add(forked);
    return forked;
  };

  async #kill(): Promise<void> {
    await Promise.all([...this.#running].map((command) => command.kill()));
  }

  #assertLive(): void {
    if (this.#isDeleted) throw new SysError("ESTALE", `sandbox ${this.id} was deleted`, { hint: "make another" });
  }

  #assertQuiet(what: string): void {
    this.#assertLive();
    if (this.#running.size > 0)
      throw new SysError("EBUSY", `a command runs in sandbox ${this.id} while ${what}`, { hint: "stop it first" });
  }
}

function inHome(path: string): string {
  const at = pathInHome(path);
  if (at === undefined) throw new SysError("EINVAL", `"${path}" is no file below the home folder ${home}`);
  return at;
}

function narrowed(
  base: typeof defaults,
  wanted: SandboxLimits | undefined,
  { mayWiden }: { mayWiden: boolean },
): typeof defaults {
  const pick = (name: keyof typeof defaults): number => {
    const limit = wanted?.[name];
    return limit === undefined ? base[name] : mayWiden ? limit : Math.min(limit, base[name]);
  };
  const [memoryBytes, fileBytes] = [pick("memoryBytes"), pick("fileBytes")];
  return { memoryBytes, fileBytes, outputBytes: pick("outputBytes"), wallMs: pick("wallMs") };
}
