import type { EngineChoice, EngineName } from "../src/drivers/sql/engine.ts";
import { findEngine } from "../src/drivers/sql/find-engine.ts";

/** The engine that the suites of SQLite run on: `AIOS_SQLITE_DRIVER=libsql NODE_PATH=/elsewhere/node_modules npx vitest …`. */
export const testedEngine: EngineChoice = findEngine((process.env["AIOS_SQLITE_DRIVER"] ?? "node") as EngineName);
