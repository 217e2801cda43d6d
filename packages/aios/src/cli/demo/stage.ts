import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSysError } from "@aiosjs/sdk";
import { boot } from "../../boot.ts";
import type { System } from "../../boot.ts";
import { openHome } from "../../config/open-home.ts";
import { configSchema } from "../../config/schema.ts";
import type { DemoContext } from "./main-job.ts";

/** The kernel that the demo runs on, and how people reach it afterwards. */
export interface Stage extends AsyncDisposable {
  readonly system: System;
  readonly home: string;
  /** False where the user's home was busy or has a configuration: then a temporary one was used. */
  readonly isOwnHome: boolean;
  readonly filesFolder: string;
  pathOf(pid: string, path: string): string;
  /** What to type for `aios TEXT`: on this kernel, or on the user's own home. */
  command(text: string, where: "here" | "own"): string;
  /** What to type to see the demo again, with these flags. */
  startCommand(flags: string): string;
}

/**
 * Boots the kernel on embedded defaults. Never disturbs what the user has: where a kernel runs on the default home, or a
 * configuration lies in it, a temporary home is used, and where the usual port is taken, any free one.
 * @throws SysError EBUSY when a home or a port that was asked for by name is in use.
 */
export async function openStage(
  { home, env }: DemoContext,
  { cores, port }: { cores: readonly unknown[]; port: number | undefined },
): Promise<Stage> {
  const isChosen = home.dir !== openHome(undefined, {}).dir;
  const isTheirs = !isChosen && existsSync(home.file("config.yaml"));
  const attempt = async (dir: string, portToTry: number): Promise<{ system: System; dir: string }> => {
    const config = configSchema.parse({ server: { port: portToTry }, llms: { cores }, memory: shared });
    try {
      return { system: await boot({ home: dir, config, env }), dir };
    } catch (cause) {
      if (!isSysError(cause) || cause.code !== "EBUSY") throw cause;
      const isPort = (cause.cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
      if (isPort && port === undefined && portToTry !== 0) return attempt(dir, 0);
      if (isPort || isChosen || dir !== home.dir) throw cause;
      return attempt(await temporaryHome(), portToTry);
    }
  };
  const { system, dir } = await attempt(isTheirs ? await temporaryHome() : home.dir, port ?? 4141);
  // Without the variables of this terminal: the next command is typed in another one.
  const flags = dir === openHome(undefined, {}).dir ? "" : `--home ${dir} `;
  // From a clone the sources run as they are, and npm leads to them; installed there is the binary.
  const isClone = import.meta.filename.endsWith(".ts");
  const filesFolder = join(dir, "files", "local");
  return {
    system,
    home: dir,
    isOwnHome: dir === home.dir,
    filesFolder,
    pathOf: (pid, path) =>
      path.startsWith("/shared/")
        ? join(filesFolder, "%40tenant", path.slice("/shared/".length))
        : join(filesFolder, pid, path),
    command: (text, where) => `${isClone ? "npm run -s aios --" : "aios"} ${where === "here" ? flags : ""}${text}`,
    startCommand: (options) => (isClone ? `npm start -- ${options}` : `aios demo ${options}`),
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}

/** What an agent was asked and has answered is remembered for all of them; a little of it goes with what they are asked. */
const shared = { remember: { namespace: "tenant" }, recall: { limit: 2, minSimilarity: 0.1, maxTokens: 500 } };

const temporaryHome = () => mkdtemp(join(tmpdir(), "aios-demo-"));
