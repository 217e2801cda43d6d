import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as openSocket } from "node:net";
import type { Socket } from "node:net";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { patternFor, readDestination } from "../../kernel/ports.ts";
import type { Destination } from "../../kernel/ports.ts";
import type { EgressEvent, EgressRule, EgressWay } from "./egress-event.ts";
import { whyClosed } from "./public-address.ts";

export interface EgressOptions {
  /** `HOST:PORT` patterns. Asked for each connection: a policy that was changed holds from the next one on. */
  readonly allowed: () => readonly string[];
  /** Hears of each connection; must not throw. */
  readonly tell: (event: EgressEvent) => void;
  /** All addresses of a name. Default: the machine's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** `ADDRESS:PORT`, exactly, that are reached though they are not public: tests have no other servers. Default: none. */
  readonly openAddresses?: readonly string[];
  /** To find and reach a host. Default 10 s. */
  readonly connectMs?: number;
}

/** A host and port as they were written. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The one place that decides what leaves, and the only one that connects. */
export interface Egress {
  readonly tell: (event: EgressEvent) => void;
  /** @throws SysError EPOLICY for what may not be reached, whatever its address is. */
  check(target: Target, way: EgressWay): Destination & { readonly pattern: string };
  /**
   * Finds the host, looks at every address that it has, and connects to one of those, not to the name again.
   * @throws SysError EPOLICY, ENODEV nothing answers there, ETIMEDOUT, ECANCELED.
   */
  connect(target: Target, options: { way: EgressWay; signal?: AbortSignal | undefined }): Promise<Socket>;
}

export function createEgress(options: EgressOptions): Egress {
  const { allowed, tell, resolve = resolveAll, openAddresses = [], connectMs = 10_000 } = options;

  const check: Egress["check"] = (target, way) => {
    const destination = readDestination(target.host, target.port);
    if (!destination) throw refused({ target, way, rule: "malformed", detail: "no host and port" }, tell);
    const pattern = patternFor(destination, allowed());
    if (pattern === undefined)
      throw refused({ target: destination, way, rule: "not-allowed", detail: "named by no pattern" }, tell);
    return { ...destination, pattern };
  };

  return {
    tell,
    check,
    async connect(target, { way, signal }) {
      const { host, port, isAddress, pattern } = check(target, way);
      const timeout = AbortSignal.timeout(connectMs);
      const over = signal ? AbortSignal.any([signal, timeout]) : timeout;
      const place = { way, host, port };
      try {
        const addresses = isAddress ? [host] : await orAborted(resolve(host), over);
        const isOpen = (address: string): boolean => openAddresses.includes(addressAndPort(address, port));
        for (const address of addresses) {
          const why = isOpen(address) ? undefined : whyClosed(address);
          if (why === undefined) continue;
          throw refused({ target: { host, port }, way, rule: "closed-address", detail: `${address}: ${why}` }, tell);
        }
        const socket = await firstOf(addresses, { port, signal: over });
        tell({ type: "egress.permitted", ...place, address: socket.remoteAddress ?? "", pattern });
        return socket;
      } catch (cause) {
        if (isSysError(cause)) throw cause;
        signal?.throwIfAborted();
        const detail = over.aborted ? `nothing came within ${connectMs} ms` : (cause as Error).message;
        tell({ type: "egress.failed", ...place, detail });
        throw new SysError(over.aborted ? "ETIMEDOUT" : "ENODEV", `${host}:${port} cannot be reached: ${detail}`, {
          cause,
        });
      }
    },
  };
}

interface Refusal {
  readonly target: Target;
  readonly way: EgressWay;
  readonly rule: EgressRule;
  readonly detail: string;
}

/** What nobody may do, and what a person can do about it. Told before it is thrown. */
export function refused({ target, way, rule, detail }: Refusal, tell: (event: EgressEvent) => void): SysError {
  const { host, port } = target;
  tell({ type: "egress.refused", way, host, port, rule, detail });
  const place = addressAndPort(host, port);
  const [message, hint] = refusals[rule](place, detail);
  return Object.assign(new SysError("EPOLICY", message, { hint }), { rule });
}

const refusals: Record<EgressRule, (place: string, detail: string) => readonly [message: string, hint: string]> = {
  malformed: (place) => [`${place} is no host and port`, "write HOST:PORT, such as api.github.com:443"],
  "not-allowed": (place) => [
    `${place} is not among the hosts that may be reached`,
    `a person can allow it: "${place}" in egress of this agent, in policy.yaml`,
  ],
  "closed-address": (place, detail) => [
    `${place} leads to an address that is not of the public internet (${detail})`,
    "the machine and the networks around it stay closed, whatever the policy says",
  ],
  "other-name": (place, detail) => [
    `a tunnel to ${place} carries TLS for another host (${detail})`,
    "open a tunnel to the host that is meant",
  ],
  secret: (place, detail) => [`${place}: ${detail}`, "a person can allow it: aios secret set NAME --host HOST"],
  "too-many": (place) => [`${place}: too many connections at once`, "close some, and try again"],
};

export const addressAndPort = (host: string, port: number): string =>
  host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;

const resolveAll = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);

/** The resolver cannot be stopped; it is not waited for. */
async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** For an address that does not answer, where there is another. */
const patienceMs = 2_500;

/** The first address that answers. All of them were looked at. */
async function firstOf(
  addresses: readonly string[],
  { port, signal }: { port: number; signal: AbortSignal },
): Promise<Socket> {
  let last: unknown = new Error("it has no address");
  for (const [index, host] of addresses.entries()) {
    const socket = openSocket({ host, port, allowHalfOpen: true, noDelay: true });
    // What breaks it later is seen by who reads or writes; unheard it would end the kernel.
    socket.on("error", () => undefined);
    const isLast = index === addresses.length - 1;
    try {
      await once(socket, "connect", {
        signal: isLast ? signal : AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      });
      return socket;
    } catch (cause) {
      socket.destroy();
      last = cause;
      if (signal.aborted) break;
    }
  }
  throw last;
}
