// node --conditions=aios-source packages/aios/src/bench/storm-main.ts [--agents 12] [--seed 1]
import { parseArgs } from "node:util";
import { storm } from "./storm.ts";

const { values } = parseArgs({
  options: { agents: { type: "string", default: "12" }, seed: { type: "string", default: "1" } },
});
const report = await storm({
  agents: Number(values.agents),
  seed: Number(values.seed),
  say: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify({ ok: true, data: report, error: null, meta: { v: 1 } }, null, 2)}\n`);
