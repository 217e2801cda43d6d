// The simulated core as an upstream of its own: a composition beside boot.ts, for `aios sim serve`.
export { serveSim } from "./drivers/llm/sim/serve.ts";
