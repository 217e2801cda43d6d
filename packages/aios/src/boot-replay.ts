// Makes cores of recorded answers, and has others recorded: a composition beside boot-cores.ts.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { CoreConfig } from "./config/core-schema.ts";
import { createReplayCore } from "./drivers/llm/replay/core.ts";
import type { ReplayCore } from "./drivers/llm/replay/core.ts";
import { recording } from "./drivers/llm/replay/record.ts";
import type { Clock, Core, ModelSpec } from "./kernel/ports.ts";

interface Place {
  readonly home: string;
  readonly clock: Clock;
}

/** @throws SysError EINVAL where the recording is not named, not there, or none. */
export async function makeReplayCore(
  { name, path, speed, limits }: CoreConfig,
  { models, home, clock }: Place & { models: readonly ModelSpec[] | undefined },
): Promise<ReplayCore> {
  if (path === undefined)
    throw new SysError("EINVAL", `core ${name} names no recording`, {
      hint: `llms.cores: {name: ${name}, kind: replay, path: recordings/demo.jsonl}`,
    });
  return await createReplayCore({ name, path: resolve(home, path), speed, limits, models, clock });
}

/** What a recording is known by: one that has grown is read again by the next refresh. */
export async function stampOf({ kind, path }: CoreConfig, home: string): Promise<readonly number[] | undefined> {
  if (kind !== "replay" || path === undefined) return undefined;
  const found = await stat(resolve(home, path)).catch(() => undefined);
  return found && [found.mtimeMs, found.size];
}

/** The core, recorded if its configuration says so: each call goes alone, and to its end. */
export function recorded<Made extends Core>(core: Made, { record }: CoreConfig, { home, clock }: Place): Made {
  if (record === undefined) return core;
  const execute = recording(core, { path: resolve(home, record), clock });
  return Object.assign(core, { execute, batching: undefined, resume: "none" });
}
