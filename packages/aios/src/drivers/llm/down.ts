import { SysError } from "@aiosjs/sdk/protocol";
import type { Core, ModelSpec } from "../../kernel/ports.ts";

export interface DownCoreOptions {
  readonly name: string;
  readonly kind: string;
  readonly endpoint: number;
  /** As configured. */
  readonly models: readonly ModelSpec[] | undefined;
  /** Why it could not be made. */
  readonly problem: SysError;
}

/**
 * A configured core that cannot be made: its key is not set, its package or model file is not there. It keeps its place
 * and its names, so that a call for it learns why it is not served, and fallbacks take over.
 */
export function createDownCore({ name, kind, endpoint, models = [], problem }: DownCoreOptions): Core {
  const hint = problem.hint === undefined ? "`aios doctor` looks at every core" : `${problem.hint}; then aios refresh`;
  // Not retryable: time alone does not mend it.
  const down = new SysError("ENODEV", problem.message, { cause: problem, hint, retryable: false });
  return {
    name,
    kind,
    endpoint,
    device: "llm",
    down,
    isSimulated: false,
    isOpenEnded: true,
    honoursMaxTokens: true,
    serves: ["llm.chat", "llm.embed"],
    dialects: [],
    resume: "none",
    limits: {},
    models: () => models,
    execute: () => {
      throw down;
    },
  };
}
