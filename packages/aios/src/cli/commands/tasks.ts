import type { ContextOf } from "../registry.ts";
import { run as ps } from "./ps.ts";

export const run = (context: ContextOf<"tasks">): Promise<void> =>
  ps({ ...context, options: { all: true, state: [], kind: [], name: [], limit: undefined, after: undefined } });
