import type { RouterSettings } from "../ports.ts";
import { cascade } from "./cascade.ts";
import { costQuality } from "./cost-quality.ts";
import { latency } from "./latency.ts";
import { leastBusy } from "./least-busy.ts";
import { sequential } from "./sequential.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

export const strategies = {
  sequential,
  weighted,
  "least-busy": leastBusy,
  latency,
  "cost-quality": costQuality,
  cascade,
} satisfies Record<RouterSettings["strategy"], Strategy>;
