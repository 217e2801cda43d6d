import { serveParent } from "./child.ts";
import { runOnce } from "./sched/run.ts";
import type { RunFigures, RunRequest } from "./sched/run.ts";

serveParent<RunRequest, RunFigures>(runOnce);
