import { Agent, fetch } from "undici";
import type { Timeouts } from "../http/endpoint.ts";

const maxAnswerBytes = 64 * 1024 * 1024;

/** The network of one core, in the shape that provider packages take: our timeouts, no redirects, connections of its own. */
export function createFetch({ connectMs = 10_000, headersMs = 600_000, idleMs = 300_000 }: Timeouts): {
  fetch: typeof globalThis.fetch;
  /** Running calls end first. */
  close(): Promise<void>;
} {
  const agent = new Agent({
    connections: null,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectMs },
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
    maxResponseSize: maxAnswerBytes,
  });
  return {
    // A redirect would take the key along in the providers' own headers, which fetch does not know to be secret.
    fetch: ((input: string, init: object) =>
      fetch(input, { ...init, redirect: "manual", dispatcher: agent })) as unknown as typeof globalThis.fetch,
    close: () => agent.close(),
  };
}
