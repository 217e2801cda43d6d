// The embed API: `await using system = await boot({ home, config })`.
export { boot } from "./boot.ts";
export type { BootOptions, System } from "./boot.ts";
export { loadConfig } from "./config/layers.ts";
export type { LoadedConfig } from "./config/layers.ts";
export { openHome } from "./config/open-home.ts";
export type { Home } from "./config/open-home.ts";
export type { Config } from "./config/schema.ts";
export { openSnapshotFolder } from "./drivers/context/snapshot-folder.ts";
export type { VectorIndex } from "./drivers/search/vector-index.ts";
export type { OpenVectorIndex } from "./drivers/search/vector-place.ts";
export type { Clock, Core, Driver, Journal, Kernel } from "./kernel/ports.ts";
