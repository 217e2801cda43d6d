import { once } from "node:events";
import { CliError } from "../cli-error.ts";
import { labsText } from "../messages/labs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"sim serve">): Promise<void> {
  const { options, signal, t } = context;
  const { serveSim } = await import("../../sim-upstream.ts");
  const { port, seed, slots, rpm, burst, latency, faults = 0 } = options;
  const limits = {
    ...(rpm === undefined ? {} : { requestsPerMinute: rpm }),
    ...(burst === undefined ? {} : { burst }),
  };
  const opened = serveSim({
    port,
    seed,
    limits,
    ...(slots === undefined ? {} : { slots }),
    ...(latency === undefined ? {} : { fixed: { latencyMs: latency, tokenMs: 2 } }),
    // Each kind that ends the request; stalls only show with a client that has a timeout.
    faults: {
      tooManyRequests: faults * 0.25,
      serverError: faults * 0.25,
      disconnect: faults * 0.25,
      malformed: faults * 0.25,
      stall: 0,
      slow: 0,
    },
  });
  await using server = await opened.catch((cause: unknown) => {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    throw new CliError(["EBUSY", 6], t(labsText.portInUse, { port }), { hint: t(labsText.portHint), cause });
  });
  context.item({ url: server.url, isSimulated: true }, () => t(labsText.serving, { url: server.url }));
  context.say(t(labsText.try, { url: server.url }));
  if (!signal.aborted) await once(signal, "abort");
  const { calls, done, refused, failed } = server.stats();
  context.say(t(labsText.served, { calls, done, refused, failed }));
}
