import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { buildConnector, Client, fetch } from "undici";
import type { Response } from "undici";
import { addressAndPort, refused } from "./egress.ts";
import type { Egress } from "./egress.ts";
import { spellingOf } from "./forward.ts";
import { SecretReferences } from "./secret-references.ts";
import type { FindSecret, SecretSink } from "./secret-references.ts";

export interface WebRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Of the answer, unpacked. Default 10 MiB. */
  readonly maxBytes?: number | undefined;
  /** What becomes of a longer answer. Default: it is refused. */
  readonly longer?: "refused" | "cut" | undefined;
  /** Whether to go where an answer leads; where not, that is the answer. Default: wherever the egress lets it. */
  readonly follows?: ((next: URL, from: URL) => boolean) | undefined;
  readonly signal: AbortSignal;
}

export interface WebAnswer {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** There was more. */
  readonly isCut: boolean;
  /** Where it leads, and was not followed. */
  readonly leadsTo?: string;
}

interface WebFetchOptions {
  readonly egress: Egress;
  readonly findSecret?: FindSecret;
  /** Between two pieces of an answer, and until it begins. Default 60 s. */
  readonly idleMs?: number;
  /** Certificates that are believed beside the machine's, PEM. */
  readonly ca?: string | undefined;
}

const MOST_REDIRECTS = 5;
/** A browser, too, leaves these behind when it is sent to another host. */
const ownHeaders = /^(authorization|cookie|proxy-authorization)$/i;

/**
 * Asks a host of the web for the kernel's own tools: through the egress, each redirect anew. `secret://name` in the address,
 * in headers and in the body is filled in for hosts that it is for. The answer may hold what was sent: whoever hands it on
 * redacts it.
 * @throws SysError EPOLICY what may not be reached, EINVAL no address, E2BIG, ENODEV, EIO, ETIMEDOUT, ECANCELED.
 */
export async function webFetch(request: WebRequest, options: WebFetchOptions): Promise<WebAnswer> {
  const references = new SecretReferences(options.findSecret ?? noSecrets);
  let { url, method = "GET", headers = {}, body } = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await askOnce({ ...request, url, method, headers, body }, references, options);
    if (answer.next === undefined) return answer;
    if (redirects === MOST_REDIRECTS)
      throw new SysError("EIO", `${url} leads to more than ${MOST_REDIRECTS} others`, { retryable: false });
    // What fetch does (WHATWG, "HTTP-redirect fetch"): a form that was sent is not sent twice, except where that is meant.
    if (answer.status === 303 || (answer.status < 303 && method === "POST")) {
      if (method !== "HEAD") method = "GET";
      body = undefined;
    }
    if (new URL(answer.next).origin !== new URL(url).origin) headers = withoutOwn(headers);
    url = answer.next;
  }
}

const noSecrets: FindSecret = (name) =>
  Promise.reject(new SysError("EPOLICY", `secret://${name} is not given to this process`));

const withoutOwn = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !ownHeaders.test(name) && !/secret:\/\//i.test(value)),
  );

/** One request to one host, over a connection of its own. `next`: where it sends us. */
async function askOnce(
  request: WebRequest,
  references: SecretReferences,
  { egress, idleMs = 60_000, ca }: WebFetchOptions,
): Promise<WebAnswer & { readonly next?: string }> {
  const { signal, maxBytes = 10 * 1024 * 1024, longer = "refused" } = request;
  const { url, sink } = readUrl(request.url, egress);
  const { host, port } = sink.destination;
  const target = { host: host.includes(":") ? `[${host}]` : host, port };
  const refuse = (cause: unknown): never => {
    if (!isSysError(cause) || (cause.code !== "EPOLICY" && cause.code !== "ENOENT")) throw cause;
    throw refused({ target, way: "fetch", rule: "secret", detail: cause.message }, egress.tell);
  };
  const address = await references.fill(url.href, sink, "url").catch(refuse);
  const headers = await references.fillHeaders(request.headers ?? {}, sink).catch(refuse);
  const spelling = spellingOf(lowerNames(request.headers ?? {}));
  const body = request.body && (await references.fill(request.body, sink, spelling).catch(refuse));
  const socket = await egress.connect(target, { way: "fetch", signal });
  const overTls = buildConnector({ allowH2: false, ...(ca === undefined ? {} : { ca: [ca] }) });
  const client = new Client(url.origin, {
    // In a turn of its own: a client that is told while it asks sends nothing, ever.
    connect: (place, done) =>
      url.protocol === "https:" ? overTls({ ...place, httpSocket: socket }, done) : setImmediate(done, null, socket),
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    allowH2: false,
  });
  let receivedBytes = 0;
  try {
    const init = { method: request.method ?? "GET", headers: flat(headers), redirect: "manual", signal } as const;
    const answer = await fetch(address, { ...init, dispatcher: client, ...(body ? { body } : {}) });
    const next = nextOf(answer, url);
    const isFollowed = next !== undefined && request.follows?.(new URL(next), url) !== false;
    if (isFollowed) {
      // Also tells whether it may be followed at all.
      const following = readUrl(next, egress);
      references.checkFollowing(next, following.sink);
    }
    const none = { bytes: new Uint8Array(), isCut: false };
    const { bytes, isCut } = next === undefined ? await bodyOf(answer, { maxBytes, longer, url }) : none;
    receivedBytes = bytes.byteLength;
    const headersOf = Object.fromEntries(answer.headers);
    const plain = { url: url.href, status: answer.status, headers: headersOf, body: bytes, isCut };
    if (next === undefined) return plain;
    return isFollowed ? { ...plain, next } : { ...plain, leadsTo: next };
  } catch (cause) {
    if (isSysError(cause)) throw cause.code === "EPOLICY" && !("rule" in cause) ? refuse(cause) : cause;
    signal.throwIfAborted();
    throw new SysError("EIO", `${addressAndPort(host, port)} did not answer: ${reasonOf(cause)}`, { cause });
  } finally {
    const sentBytes = socket.bytesWritten;
    await client.destroy();
    socket.destroy();
    egress.tell({ type: "egress.closed", way: "fetch", host, port, sentBytes, receivedBytes });
  }
}

/** @throws SysError EINVAL, EPOLICY */
function readUrl(text: string, egress: Egress): { url: URL; sink: SecretSink } {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (!url || !isWeb || url.username !== "" || url.password !== "")
    throw new SysError("EINVAL", `"${text.slice(0, 200)}" is no address of the web`, {
      hint: "write http:// or https://, and no user name in it",
    });
  const protocol = url.protocol as SecretSink["protocol"];
  const target = { host: url.hostname, port: Number(url.port || (protocol === "https:" ? 443 : 80)) };
  const destination = egress.check(target, "fetch");
  // No certificate is for a name with the dot of the root.
  if (url.hostname.endsWith(".")) url.hostname = destination.host;
  return { url, sink: { protocol, destination } };
}

function nextOf({ status, headers }: Response, from: URL): string | undefined {
  const location = headers.get("location");
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  const next = URL.parse(location, from.href);
  if (next) return next.href;
  throw new SysError("EIO", `${from.origin} leads to something that is no address`, { retryable: false });
}

async function bodyOf(
  answer: Response,
  { maxBytes, longer, url }: { maxBytes: number; longer: "refused" | "cut"; url: URL },
): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    pieces.push(piece);
    if (length <= maxBytes) continue;
    // Leaving the loop closes the connection: the rest is not waited for.
    if (longer === "cut") return { bytes: Buffer.concat(pieces).subarray(0, maxBytes), isCut: true };
    const hint = "ask for less";
    throw new SysError("E2BIG", `the answer of ${url.origin} has more than ${maxBytes} bytes`, { hint });
  }
  return { bytes: Buffer.concat(pieces), isCut: false };
}

const flat = (headers: Readonly<Record<string, string | string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const lowerNames = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function reasonOf(cause: unknown): string {
  const { message, cause: deeper } = cause as Error;
  return deeper instanceof Error ? deeper.message : message;
}
