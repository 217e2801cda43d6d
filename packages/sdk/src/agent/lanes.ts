import type { Transport } from "../transport.ts";

/**
 * The same way into the kernel, on which every call says its place in the program: `lane#n`, the n-th of its lane. A program
 * that is started again makes the same calls in each lane, and the kernel knows by the place which answers were given already.
 * What runs concurrently belongs into lanes of its own (`lane(name)`): their calls are counted by themselves, whichever of
 * them comes first. Asking for a lane again goes on in it.
 */
export function inLanes(transport: Transport, name = "main"): Transport {
  const lanes = new Map<string, Transport>();
  let calls = 0;
  return {
    syscall: (syscall, args, options) =>
      transport.syscall(syscall, args, { ...options, replayKey: `${name}#${calls++}` }),
    lane: (own) => {
      const lane = lanes.get(own) ?? inLanes(transport, `${name}/${own}`);
      lanes.set(own, lane);
      return lane;
    },
  };
}
