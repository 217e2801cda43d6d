import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { readRetryAfter, type Headers } from "./rate-limits.ts";

/** What every message of this core needs: who, where, which model, and which secret must not get out. */
export interface Place {
  readonly core: string;
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly keyReference: string | undefined;
  /** What should be there: "an OpenAI-compatible API". */
  readonly api?: string | undefined;
}

/** Keys as the big providers print them back, whole or half masked. */
const keyLike = /\b(?:sk|gsk|xai|hf|nvapi|pk|rk|key|aios_sk)[-_][\w*.-]{4,}/gi;
const maxQuoteLength = 300;

/** Upstream text for people: one line, not too long, without the key. Give it whole: half a key would not be known. */
export function quote(text: string, { apiKey, keyReference }: Place, maxLength = maxQuoteLength): string {
  const name = keyReference ?? "[key]";
  // Megabytes of a broken stream need not be looked through; the end of the cut may be half of a key.
  const keyLength = apiKey?.length ?? 0;
  const near = text.slice(0, 4 * maxLength + 2 * keyLength);
  const hidden = apiKey === undefined || apiKey === "" ? near : near.replaceAll(apiKey, name);
  const known = near.length < text.length ? hidden.slice(0, -keyLength || undefined) : hidden;
  const line = known.replaceAll(keyLike, name).replaceAll(/\s+/g, " ").trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

interface UpstreamError {
  /** The upstream's sentence; "" when it gave none. */
  readonly sentence: string;
  /** Its `code` and `type`, joined, for looking at. */
  readonly kind: string;
  /** HTTP status that an error inside a stream names. */
  readonly status: number | undefined;
}

/** Reads `{error: {message, code, type}}`, `{error: "…"}`, `{message}`, `{detail}`, `{detail: [{loc, msg}]}`, lists of one. */
export function readUpstreamError(json: unknown): UpstreamError {
  const outer = asRecord(Array.isArray(json) ? json[0] : json);
  const inner = outer["error"] ?? outer;
  if (typeof inner === "string") return { sentence: inner, kind: "", status: undefined };
  const error = asRecord(inner);
  const nested = asRecord(error["message"]);
  const said = error["message"] ?? error["detail"] ?? error["msg"];
  const sentence = typeof said === "string" ? said : sentenceOf(nested["detail"] ?? said);
  const kind = [error["code"], error["type"]].filter((part) => typeof part === "string").join(" ");
  const status = Number(error["code"] ?? error["status"]);
  return { sentence, kind, status: status >= 400 && status < 600 ? status : undefined };
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** pydantic's list of faults. */
const sentenceOf = (detail: unknown): string =>
  Array.isArray(detail)
    ? detail
        .map((fault) => asRecord(fault))
        .map(({ loc, msg }) => `${Array.isArray(loc) ? `${loc.join(".")}: ` : ""}${typeof msg === "string" ? msg : ""}`)
        .join("; ")
    : "";

interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly error: UpstreamError;
  /** The body where it was not JSON. */
  readonly text: string;
  readonly nowMs: number;
}

/** Turns an upstream's refusal into the error that tells the kernel what to do and a person what to mend. */
export function refusalError(place: Place, { status, headers, error, text, nowMs }: Refusal): SysError {
  const { core, url, model, keyReference } = place;
  const said = quote(error.sentence === "" ? text : error.sentence, place);
  const why = said === "" ? "" : `: ${said}`;
  const what = `core ${core} answered ${status}${why}`;
  const retryAfterMs = readRetryAfter(headers, nowMs);
  if (status === 402 || /insufficient_quota|billing|insufficient_balance|credit/i.test(error.kind)) {
    return new SysError("EDQUOT", what, {
      hint: `the account behind ${keyReference ?? `core ${core}`} has no credit left; top it up, or name another core`,
    });
  }
  if (status === 429 || status === 529 || status === 503) {
    return new SysError("EAGAIN", what, { retryAfterMs, hint: "the kernel sends it again when the upstream allows" });
  }
  if (status === 401 || status === 403) {
    // A 401 often prints the key back, masked or not: nothing of it is repeated.
    return new SysError("EIO", `core ${core} answered ${status}${status === 401 ? ": the key was refused" : why}`, {
      retryable: false,
      hint: keyReference === undefined ? `give core ${core} an apiKey` : `check ${keyReference}`,
    });
  }
  if (status === 404) {
    return /model/i.test(`${error.sentence} ${error.kind}`)
      ? new SysError("ENOENT", `core ${core} does not have model "${model}"${why}`, {
          hint: '"aios llm ls" lists what is there',
        })
      : new SysError("ENOENT", `core ${core} answered 404 at ${url}${why}`, {
          hint: `check the baseUrl of core ${core}; most end in /v1`,
        });
  }
  if (status === 413) return new SysError("E2BIG", what, { hint: "shorten the messages" });
  if (status >= 300 && status < 400) {
    return new SysError("EIO", `core ${core} answered ${status}: it has moved`, {
      retryable: false,
      hint: `set the baseUrl of core ${core} to where ${quote(String(headers["location"] ?? "it is now"), place)} points`,
    });
  }
  if (status === 408 || status === 409 || status === 425 || status >= 500) {
    return new SysError("EIO", what, { retryable: true, retryAfterMs });
  }
  return new SysError("EINVAL", what);
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** What undici reports when the exchange itself broke. `receivedBytes`: of the body, so far. */
export function exchangeError(place: Place, cause: unknown, receivedBytes: number): SysError {
  if (isSysError(cause)) return cause;
  const { core, url } = place;
  const { code = "" } = cause as { code?: string };
  const detail = quote(cause instanceof Error ? cause.message : String(cause), place);
  if (unreachable.has(code)) {
    return new SysError("ENODEV", `nothing answers for core ${core} at ${url} (${code})`, {
      cause,
      hint: `start it, or correct the baseUrl of core ${core}`,
    });
  }
  if (/CERT|TLS|SSL/.test(code) && receivedBytes === 0) {
    return new SysError("EIO", `core ${core} has no valid certificate at ${url}: ${detail}`, {
      cause,
      retryable: false,
      hint: "correct the baseUrl, or have Node trust the certificate (NODE_EXTRA_CA_CERTS)",
    });
  }
  if (code === "UND_ERR_INVALID_ARG") {
    return new SysError("EIO", `core ${core} cannot be asked: ${detail}`, {
      cause,
      retryable: false,
      hint: `check the key and the headers of core ${core} for characters that HTTP does not allow`,
    });
  }
  const came = receivedBytes === 0 ? "before it answered" : `after ${receivedBytes} bytes of its answer`;
  const happened =
    code === "UND_ERR_HEADERS_TIMEOUT"
      ? "sent nothing in time"
      : code === "UND_ERR_BODY_TIMEOUT"
        ? `fell silent ${came}`
        : code === "UND_ERR_RES_EXCEEDED_MAX_SIZE"
          ? `sent too large an answer (${receivedBytes} bytes so far)`
          : `broke off ${came} (${detail})`;
  return new SysError("EIO", `core ${core} ${happened}`, { cause });
}

/** The body was not what the dialect says. `what` begins with a verb: "sent HTML …". */
export const malformed = (place: Place, what: string, cause?: unknown): SysError =>
  new SysError("EIO", `core ${place.core} ${what}`, {
    cause,
    hint: `check that the baseUrl of core ${place.core} is ${place.api ?? "what it should be"}`,
  });
