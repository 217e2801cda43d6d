// The limited upstream of a benchmark, in a process of its own.
import { serveSim } from "../drivers/llm/sim/serve.ts";
import type { SimServer, SimServerOptions, SimServerStats } from "../drivers/llm/sim/serve.ts";
import { serveParent } from "./child.ts";

export type UpstreamRequest = { is: "open"; options: SimServerOptions } | { is: "stats" };
export interface UpstreamAnswer {
  readonly url: string;
  readonly stats: SimServerStats;
}

let server: SimServer | undefined;

serveParent<UpstreamRequest, UpstreamAnswer>(async (request) => {
  if (request.is === "open") {
    await server?.[Symbol.asyncDispose]();
    server = await serveSim(request.options);
  }
  if (server === undefined) throw new Error("no upstream is open");
  return { url: server.url, stats: server.stats() };
});
