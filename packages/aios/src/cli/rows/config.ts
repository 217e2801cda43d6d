import type { CommandRow } from "../registry.ts";

export const configRows = [] as const satisfies readonly CommandRow[];
