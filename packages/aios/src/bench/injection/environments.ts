import { banking } from "./banking/environment.ts";
import { messaging } from "./messaging/environment.ts";
import { travel } from "./travel/environment.ts";
import { workspace } from "./workspace/environment.ts";
import type { AnyEnvironment } from "./world.ts";

export const environments: readonly AnyEnvironment[] = [banking, workspace, messaging, travel];
