import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { EgressEvent } from "../src/drivers/egress/egress-event.ts";
import { tlsCertificate } from "./tls-certificate.ts";

/** A server on loopback, and how an egress finds it: as `api.test` and `other.test`, beside names that lead elsewhere. */
export interface EgressWorld extends AsyncDisposable {
  readonly port: number;
  readonly events: EgressEvent[];
  /** Requests that arrived. */
  readonly seen: { request: IncomingMessage; body: string }[];
  readonly options: {
    tell: (event: EgressEvent) => void;
    resolve: (host: string) => Promise<readonly string[]>;
    openAddresses: readonly string[];
  };
  /** Types of the events so far, and the rule of refusals. */
  told(): readonly string[];
}

/** What names lead to; `rebinding.test` to something else at each look. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  "api.test": ["127.0.0.1"],
  "other.test": ["127.0.0.1"],
  "metadata.test": ["169.254.169.254"],
  "mixed.test": ["127.0.0.1", "10.0.0.1"],
  "mapped.test": ["::ffff:127.0.0.1"],
  "nowhere.test": [],
};

export async function openEgressWorld(
  answer: RequestListener = (request, response) => void response.end(`${request.method} ${request.url}`),
  { isTls = false }: { isTls?: boolean } = {},
): Promise<EgressWorld> {
  const events: EgressEvent[] = [];
  const seen: EgressWorld["seen"] = [];
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      seen.push({ request, body });
      answer(request, response);
    });
  };
  const server = isTls ? createTlsServer(tlsCertificate, listener) : createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const looks = new Map<string, number>();
  return {
    port,
    events,
    seen,
    options: {
      tell: (event) => void events.push(event),
      resolve: (host) => {
        const look = looks.get(host) ?? 0;
        looks.set(host, look + 1);
        if (host === "rebinding.test") return Promise.resolve([look === 0 ? "127.0.0.1" : "127.0.0.2"]);
        return Promise.resolve(addresses[host] ?? []);
      },
      openAddresses: [`127.0.0.1:${port}`],
    },
    told: () =>
      events.map((event) => (event.type === "egress.refused" ? `refused ${event.rule}` : event.type.slice(7))),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
