import { request as openRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { buffer } from "node:stream/consumers";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { addressAndPort, refused } from "./egress.ts";
import type { Egress } from "./egress.ts";
import { ExceededError, Meter } from "./metered.ts";
import type { ConnectionBounds } from "./metered.ts";
import { hasReference, SecretReferences } from "./secret-references.ts";
import type { FindSecret, SecretSink, Spelling } from "./secret-references.ts";

interface ForwardOptions {
  readonly egress: Egress;
  readonly findSecret: FindSecret;
  readonly bounds: ConnectionBounds;
  readonly maxHeaderBytes: number;
}

/** Longer bodies, and those that do not say how long they are, pass as they are: to look into one it has to be whole. */
const MOST_BODY_BYTES = 1024 * 1024;
/** Between two neighbours, not between the ends (RFC 9110, section 7.6.1). */
const hopHeaders = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Answers one request in plain HTTP (`GET http://host/path`) by asking the host. `secret://name` in headers and body is
 * filled in where the host is one of the secret's.
 * @throws SysError EPOLICY, EINVAL, ENODEV, ETIMEDOUT; after the answer has begun the connection is cut instead.
 */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions,
): Promise<void> {
  const { egress, bounds } = options;
  const url = readTarget(request.url ?? "");
  const target = { host: url.hostname, port: Number(url.port || 80) };
  const left = new AbortController();
  response.once("close", () => left.abort());
  const destination = egress.check(target, "http");
  const { host, port } = destination;
  const sink = { protocol: "http:", destination } as const;
  const { headers, body } = await filled(request, sink, options).catch((cause: unknown) => {
    if (!isSysError(cause) || cause.code !== "EPOLICY") throw cause;
    throw refused({ target: destination, way: "http", rule: "secret", detail: cause.message }, egress.tell);
  });
  const socket = await egress.connect(destination, { way: "http", signal: left.signal });
  left.signal.addEventListener("abort", () => socket.destroy(), { once: true });
  const meter = new Meter(bounds);
  let exceeded: "bytes" | "idleMs" | undefined;
  socket.setTimeout(bounds.idleMs, () => socket.destroy(new ExceededError("idleMs")));
  try {
    const upstream = openRequest({
      createConnection: () => socket,
      method: request.method ?? "GET",
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host },
      setHost: false,
      maxHeaderSize: options.maxHeaderBytes,
    });
    const answered = Promise.withResolvers<IncomingMessage>();
    upstream.once("response", answered.resolve).on("error", answered.reject);
    const sent = body
      ? pipeline([body], meter.way("sentBytes"), upstream)
      : pipeline(request, meter.way("sentBytes"), upstream);
    // An answer may come before the request has been sent, and end it.
    sent.catch(answered.reject);
    const answer = await answered.promise;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHops(answer.headers));
    await pipeline(answer, meter.way("receivedBytes"), response);
  } catch (cause) {
    if (cause instanceof ExceededError) exceeded = cause.bound;
    if (response.headersSent) response.destroy();
    else
      throw new SysError("ENODEV", `${addressAndPort(host, port)} did not answer: ${(cause as Error).message}`, {
        cause,
      });
  } finally {
    socket.destroy();
    const { sentBytes, receivedBytes } = meter;
    egress.tell({ type: "egress.closed", way: "http", host, port, sentBytes, receivedBytes, exceeded });
  }
}

/** @throws SysError EINVAL for what a proxy is not asked like. */
function readTarget(text: string): URL {
  const url = /^http:\/\//i.test(text) ? URL.parse(text) : null;
  if (url && url.username === "" && url.password === "") return url;
  throw new SysError("EINVAL", "a proxy is asked for http://HOST/PATH, or by CONNECT HOST:PORT", {
    hint: text.startsWith("https:") ? "HTTPS goes through a tunnel: set HTTPS_PROXY" : "set HTTP_PROXY and HTTPS_PROXY",
  });
}

/** What goes on to the host: `body` only where it had to be looked into. */
async function filled(
  request: IncomingMessage,
  sink: SecretSink,
  { findSecret }: ForwardOptions,
): Promise<{ headers: OutgoingHttpHeaders; body?: Buffer }> {
  const references = new SecretReferences(findSecret);
  const headers: OutgoingHttpHeaders = await references.fillHeaders(withoutHops(request.headers), sink);
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  if (isChunked) headers["transfer-encoding"] = "chunked";
  const length = isChunked ? Number.NaN : Number(request.headers["content-length"]);
  if (!(length > 0 && length <= MOST_BODY_BYTES)) return { headers };
  const bytes = await buffer(request);
  // Bytes of any encoding pass through Latin 1 unharmed; a reference is ASCII.
  const text = bytes.toString("latin1");
  if (!hasReference(text)) return { headers, body: bytes };
  const body = Buffer.from(await references.fill(bytes.toString("utf8"), sink, spellingOf(request.headers)), "utf8");
  return { headers: { ...headers, "content-length": body.length }, body };
}

/** How a value is written in a body of this type. */
export function spellingOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Spelling {
  const type = String(headers["content-type"] ?? "");
  if (/json/i.test(type)) return "json";
  return /x-www-form-urlencoded/i.test(type) ? "form" : "plain";
}

function withoutHops(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = String(headers["connection"] ?? "")
    .toLowerCase()
    .split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !hopHeaders.has(entry[0]) && !named.includes(entry[0]),
    ),
  );
}
