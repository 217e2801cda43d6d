import type { CommandRow } from "../registry.ts";

export const budgetRows = [] as const satisfies readonly CommandRow[];
