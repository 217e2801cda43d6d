import type { CommandRow } from "../registry.ts";

export const llmRows = [] as const satisfies readonly CommandRow[];
