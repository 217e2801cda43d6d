import type { Socket } from "node:net";
import { Transform } from "node:stream";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readDestination } from "../../kernel/ports.ts";
import type { Egress, Target } from "./egress.ts";
import { refused } from "./egress.ts";
import { ExceededError, Meter } from "./metered.ts";
import type { ConnectionBounds } from "./metered.ts";
import { readServerName } from "./server-name.ts";

interface TunnelOptions {
  readonly egress: Egress;
  readonly target: Target;
  readonly bounds: ConnectionBounds;
}

/**
 * Carries bytes both ways until both ends have finished. What is in them is between the two, except for one thing: TLS that
 * greets another host than the tunnel was opened for is cut off before its first byte leaves.
 */
export async function carryTunnel(client: Duplex, upstream: Socket, options: TunnelOptions): Promise<void> {
  const { egress, bounds } = options;
  const { host, port } = options.target;
  const meter = new Meter(bounds);
  let exceeded: "bytes" | "idleMs" | undefined;
  upstream.setTimeout(bounds.idleMs, () => upstream.destroy(new ExceededError("idleMs")));
  const cut = (cause: unknown): void => {
    if (cause instanceof ExceededError) exceeded = cause.bound;
    client.destroy();
    upstream.destroy();
  };
  const sent = pipeline(client, greetingFor(options), meter.way("sentBytes"), upstream).catch(cut);
  const received = pipeline(upstream, meter.way("receivedBytes"), client).catch(cut);
  await Promise.all([sent, received]);
  client.destroy();
  upstream.destroy();
  const { sentBytes, receivedBytes } = meter;
  egress.tell({ type: "egress.closed", way: "tunnel", host, port, sentBytes, receivedBytes, exceeded });
}

/** Passes everything on, once the first bytes have shown whom they greet. */
function greetingFor({ egress, target }: TunnelOptions): Transform {
  let held: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (held === undefined) return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      let said: string;
      try {
        const greeting = readServerName(held);
        if (greeting.is === "more") return done();
        const name = greeting.is === "named" ? readDestination(greeting.name, target.port)?.host : target.host;
        if (name === target.host) {
          const whole = held;
          held = undefined;
          return done(null, whole);
        }
        said = name ?? "something that is no host";
      } catch (cause) {
        said = (cause as Error).message;
      }
      return done(refused({ target, way: "tunnel", rule: "other-name", detail: said }, egress.tell));
    },
    // Half a greeting at the end goes nowhere: nobody could have looked at it.
    flush: (done) => done(),
  });
}
