import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Sandbox, SandboxDriver, SandboxProbe, SandboxSpec } from "../../../kernel/ports.ts";
import { findPackage } from "../../find-package.ts";
import { QuickJsSandbox } from "./sandbox.ts";

const packageName = "quickjs-emscripten";
const fix = `npm install ${packageName}`;

export interface QuickJsDriverOptions {
  /** Where the optional package is looked for; the first that has it wins. */
  readonly folders: readonly string[];
}

/** Pure computation: an interpreter in WebAssembly, one thread a command, files in memory alone, no way out at all. */
export const createQuickJsDriver = ({ folders }: QuickJsDriverOptions): SandboxDriver => new QuickJsDriver(folders);

class QuickJsDriver implements SandboxDriver {
  readonly name = "quickjs";
  readonly tier = "wasm";
  readonly #folders: readonly string[];
  readonly #sandboxes = new Map<string, QuickJsSandbox>();

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  async probe(): Promise<SandboxProbe> {
    const entry = this.#entry();
    if (entry === undefined) return { is: "missing", why: `the package ${packageName} is not installed`, fix };
    return { is: "available", version: versionOf(entry) };
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const entry = this.#entry();
    if (entry === undefined)
      throw new SysError("ENOSYS", `tier wasm needs the package ${packageName}, which is not installed`, { hint: fix });
    refuseOutside(spec);
    const sandbox = new QuickJsSandbox(spec, {
      library: pathToFileURL(entry).href,
      add: (forked) => this.#add(forked),
      forget: (id) => void this.#sandboxes.delete(id),
    });
    this.#add(sandbox);
    return sandbox;
  }

  async attach(id: string): Promise<Sandbox | undefined> {
    return this.#sandboxes.get(id);
  }

  async list(): Promise<readonly Pick<Sandbox, "id" | "tenant">[]> {
    return [...this.#sandboxes.values()].map(({ id, tenant }) => ({ id, tenant }));
  }

  #add(sandbox: QuickJsSandbox): void {
    if (!/^[a-z0-9]{1,32}$/.test(sandbox.id))
      throw new SysError("EINVAL", `"${sandbox.id}" is no id of a sandbox`, { hint: "1 to 32 of a-z and 0-9" });
    if (this.#sandboxes.has(sandbox.id)) throw new SysError("EEXIST", `there is a sandbox ${sandbox.id} already`);
    this.#sandboxes.set(sandbox.id, sandbox);
  }

  readonly #entry = (): string | undefined => findPackage(packageName, this.#folders);
}

/** What it cannot have is refused, not left out. */
function refuseOutside({ workspace, views, egress, forwards }: SandboxSpec): void {
  const asked = { workspace, views: views?.[0]?.from, egress, forwards: forwards?.[0]?.socket };
  for (const [name, value] of Object.entries(asked))
    if (value !== undefined)
      throw new SysError("EINVAL", `a wasm sandbox has no ${name}: it reaches neither disk nor network`, {
        hint: "upload the files that it needs, or use tier process",
      });
}

function versionOf(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    if (!folder.endsWith(packageName)) continue;
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
    if (version !== undefined) return version;
  }
  return "unknown";
}
