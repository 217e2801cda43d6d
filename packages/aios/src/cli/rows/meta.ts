import type { CommandRow } from "../registry.ts";

export const metaRows = [] as const satisfies readonly CommandRow[];
