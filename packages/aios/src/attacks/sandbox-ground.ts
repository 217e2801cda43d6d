import { chmodSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { isSysError } from "@aiosjs/sdk/protocol";
import type { Sandbox, SandboxDriver } from "../kernel/ports.ts";
import type { Bounds, Ground, Program, Ran, Words } from "./attack.ts";
import { GUARDED, layRepository } from "./escapes/files.ts";
import { argvOf, environmentOf } from "./processes.ts";
import { secretWord } from "./planted.ts";
import { runWrapped } from "./wrapped-run.ts";

interface SandboxGroundOptions {
  readonly driver: SandboxDriver;
  readonly folder: string;
  readonly view: string;
  readonly tenant: TenantId;
  readonly bounds?: Bounds | undefined;
  /** Programs are kept by their starter, not by the driver. */
  readonly isWrapped?: boolean | undefined;
  /** Puts more into the workspace before there is a sandbox. */
  readonly lay?: ((workspace: string) => void) | undefined;
}

const USER = 1000;
/** Nothing is mounted on macOS: what is shown has its own path there. */
const viewInside = (view: string): string => (platform() === "darwin" ? realpathSync.native(view) : "/opt/aios-view");

/** A sandbox over a repository, as an agent's is. @throws SysError where the driver cannot make it. */
export async function openSandboxGround(options: SandboxGroundOptions): Promise<Ground> {
  const { driver, folder, view, tenant, bounds, lay, isWrapped = false } = options;
  mkdirSync(folder, { recursive: true });
  const workspace = mkdtempSync(join(folder, `${driver.name}-`));
  chmodSync(workspace, 0o755);
  layRepository(workspace);
  lay?.(workspace);
  // An engine's sandboxes are never root's: a folder of root's is refused there, and is given away as a user would.
  if (driver.tier !== "process" && process.getuid?.() === 0) for (const path of [workspace, view]) giveAway(path);
  const sandbox = await driver.create({
    id: secretWord().slice(0, 16),
    tenant,
    workspace,
    guarded: GUARDED,
    views: [{ from: view, at: viewInside(view) }],
    limits: bounds,
  });
  return {
    name: driver.name,
    isControl: false,
    workspace,
    home: sandbox.home,
    view: viewInside(view),
    run: (program, words, { wallMs = bounds?.wallMs ?? 10_000 } = {}) =>
      isWrapped
        ? runWrapped(wrapOf(sandbox), { program, words, wallMs })
        : runInside(sandbox, { program, words, wallMs }),
    upload: (path, bytes) => sandbox.upload(path, bytes),
    download: (path, maxBytes) => sandbox.download(path, { maxBytes }),
    snapshot: () => sandbox.snapshot(),
    revert: (snapshot) => sandbox.revert(snapshot),
    [Symbol.asyncDispose]: async () => {
      await sandbox.delete();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

interface Run {
  readonly program: Program;
  readonly words: Words;
  readonly wallMs: number;
}

async function runInside(sandbox: Sandbox, { program, words, wallMs }: Run): Promise<Ran> {
  const pieces: Uint8Array[] = [];
  let ended: Omit<Ran, "output" | "isMissing"> = { code: null, droppedBytes: 0 };
  try {
    const command = {
      argv: argvOf(program),
      environment: environmentOf(words),
      // Its own clock is to end it.
      signal: AbortSignal.timeout(wallMs + 60_000),
      limits: { wallMs },
    };
    for await (const event of sandbox.exec(command))
      if (event.type === "output") pieces.push(event.bytes);
      else ended = event;
  } catch (cause) {
    if (!isSysError(cause) || cause.code !== "ENOENT") throw cause;
    return { output: "", code: null, droppedBytes: 0, isMissing: true };
  }
  const output = Buffer.concat(pieces).toString("latin1");
  return { ...ended, output, isMissing: ended.code === 127 && output.includes("not found") };
}

function wrapOf(sandbox: Sandbox): NonNullable<Sandbox["wrap"]> {
  if (!sandbox.wrap) throw new Error("programs are not kept by their starter here");
  return (command, options) => sandbox.wrap!(command, options);
}

function giveAway(path: string): void {
  lchownSync(path, USER, USER);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name));
}
