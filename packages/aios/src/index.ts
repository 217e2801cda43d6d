export type { Clock, Core, Driver, Journal, Kernel } from "./kernel/ports.ts";
