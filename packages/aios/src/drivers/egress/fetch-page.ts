import { SysError } from "@aiosjs/sdk/protocol";
import { patternFor, readDestination } from "../../kernel/ports.ts";
import type { Destination, EgressNews, Reach } from "../../kernel/ports.ts";
import { createEgress } from "./egress.ts";
import type { EgressOptions } from "./egress.ts";
import type { FindSecret } from "./secret-references.ts";
import { webFetch } from "./web-fetch.ts";
import type { WebAnswer } from "./web-fetch.ts";

export interface PageRequest {
  /** An address that the gate has let pass. */
  readonly url: string;
  /** Sent to hosts of `reach` alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Asked for each connection. */
  readonly reach: () => Reach;
  readonly findSecret: FindSecret;
  readonly tell: (news: EgressNews) => void;
  readonly signal: AbortSignal;
}

export interface PageOptions extends Pick<EgressOptions, "resolve" | "openAddresses"> {
  /** Of an answer, unpacked; a longer one is cut. Default 5 MiB. */
  readonly maxBytes?: number;
  /** From the first look-up to the last byte, redirects included. Default 60 s. */
  readonly totalMs?: number;
}

/** What every page is asked with, and a program's own headers take the place of. */
const usualHeaders = { "user-agent": "aios", accept: "text/html, text/plain;q=0.9, */*;q=0.5" };
/** They would say another host than the one that was looked at, or how the connection goes on. */
const ownOfConnection =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i;

/**
 * Gets one page: from the address's own host and what the agent's egress names, nowhere else. An answer that leads to another
 * host is told and not followed: an open redirect of a host that is allowed would carry what stands in its address to anybody.
 * @throws SysError as `webFetch`; EPOLICY also for headers to a host outside of the egress, ETIMEDOUT.
 */
export async function fetchPage(request: PageRequest, options: PageOptions = {}): Promise<WebAnswer> {
  const { url, headers = {}, reach, findSecret, tell, signal } = request;
  const { maxBytes = 5 * 1024 * 1024, totalMs = 60_000, ...ways } = options;
  const asked = destinationOf(URL.parse(url));
  const egress = createEgress({
    ...ways,
    allowed: () => [...(asked ? ownPatterns(asked) : []), ...reach().egress],
    tell: ({ type, ...body }) => tell({ topic: type, body } as EgressNews),
  });
  if (Object.keys(headers).length > 0) checkHeaders(headers, { asked, egress: reach().egress });
  const late = AbortSignal.timeout(totalMs);
  try {
    return await webFetch(
      {
        url,
        headers: { ...usualHeaders, ...headers },
        maxBytes,
        longer: "cut",
        follows: (next, from) => isSamePlace(next, from) || isNamed(next, reach().egress),
        signal: AbortSignal.any([signal, late]),
      },
      { egress, findSecret },
    );
  } catch (cause) {
    if (!late.aborted || signal.aborted) throw cause;
    throw new SysError("ETIMEDOUT", `the page was not there after ${totalMs / 1_000} s`, { cause });
  }
}

function checkHeaders(
  headers: Readonly<Record<string, string>>,
  { asked, egress }: { asked: Destination | undefined; egress: readonly string[] },
): void {
  const own = Object.keys(headers).find((name) => ownOfConnection.test(name));
  if (own !== undefined)
    throw new SysError("EINVAL", `${own} is no header that a request may bring`, { hint: "leave it out" });
  // Who said an address did not say what is to be told there.
  if (asked && patternFor(asked, egress) === undefined)
    throw new SysError("EPOLICY", `headers are sent to hosts of this agent's egress alone, and ${asked.host} is none`, {
      hint: `fetch it without headers, or a person names it: "${patternOf(asked)}" in egress of this agent, in policy.yaml`,
    });
}

const usualPort = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80));
const destinationOf = (url: URL | null): Destination | undefined =>
  url ? readDestination(url.hostname, usualPort(url)) : undefined;
const patternOf = ({ host, port }: Destination): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const ownPatterns = (asked: Destination): readonly string[] =>
  asked.port === 80 ? [patternOf(asked), patternOf({ ...asked, port: 443 })] : [patternOf(asked)];

const isNamed = (url: URL, egress: readonly string[]): boolean => {
  const destination = destinationOf(url);
  return destination !== undefined && patternFor(destination, egress) !== undefined;
};

/** The same host and port, or from its plain door to the encrypted one, never back. */
export function isSamePlace(next: URL, from: URL): boolean {
  if (next.hostname !== from.hostname) return false;
  const [port, before] = [usualPort(next), usualPort(from)];
  if (next.protocol === "http:") return from.protocol === "http:" && port === before;
  return port === before || (port === 443 && before === 80);
}
