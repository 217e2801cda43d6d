import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { exchangeError, quote, readUpstreamError, refusalError, type Place as HttpPlace } from "../http/errors.ts";
import { parseDuration } from "../http/rate-limits.ts";

export interface Place extends HttpPlace {
  readonly packageName: string;
  /** Everything that must not get out, the key included. */
  readonly secrets: readonly string[];
}

interface Moment {
  readonly signal: AbortSignal;
  /** Characters of the answer so far. */
  readonly length: number;
}

type Bag = Readonly<Record<string, unknown>>;
const bag = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});

/** How the SDK marks its errors, so that two copies of it know each other's. */
const isNamed = (cause: unknown, name: string): boolean =>
  typeof cause === "object" && cause !== null && Symbol.for(`vercel.ai.error.AI_${name}`) in cause;
const isOneOf = (cause: unknown, names: readonly string[]): boolean => names.some((name) => isNamed(cause, name));

/** Turns what a provider package throws, or says in its stream, into the error that tells the kernel what to do. */
export function toSysError(cause: unknown, place: Place, { signal, length }: Moment): SysError {
  if (signal.aborted) return cancellation(signal);
  if (isSysError(cause)) return cause;
  const said = bag(cause);
  const sentence = quoted(typeof cause === "string" ? cause : text(said["message"]), place);
  const { core, packageName } = place;
  if (typeof said["statusCode"] === "number" && !(said["statusCode"] >= 200 && said["statusCode"] < 300)) {
    return refused(said, place, length);
  }
  if (isOneOf(cause, ["LoadAPIKeyError", "LoadSettingError"]) || /\bcredentials\b/i.test(sentence)) {
    return new SysError("EIO", `core ${core} cannot be asked: ${sentence}`, {
      retryable: false,
      hint: `give core ${core} an apiKey, or the options of ${packageName} that it wants`,
    });
  }
  if (
    isOneOf(cause, [
      "UnsupportedFunctionalityError",
      "InvalidPromptError",
      "InvalidArgumentError",
      "NoSuchProviderReferenceError",
      "TooManyEmbeddingValuesForCallError",
    ])
  ) {
    return new SysError("EINVAL", `core ${core} cannot be told this: ${sentence}`);
  }
  if (isNamed(cause, "NoSuchModelError")) {
    return new SysError("ENOENT", `core ${core} does not have model "${place.model}"`, {
      hint: '"aios llm ls" lists what is there',
    });
  }
  const network = withCode(cause);
  if (network !== undefined) return exchangeError(place, network, length);
  if (
    length === 0 &&
    isOneOf(cause, ["APICallError", "JSONParseError", "TypeValidationError", "InvalidResponseDataError"])
  ) {
    return new SysError("EIO", `core ${core} sent something else than ${packageName} reads: ${sentence}`, {
      hint: `check the baseUrl of core ${core}, and whether a newer ${packageName} is there`,
    });
  }
  const when = length === 0 ? "before it answered" : `after ${length} characters of its answer`;
  return new SysError("EIO", `core ${core} failed ${when}: ${sentence === "" ? "no reason given" : sentence}`);
}

/** The answer ended, but not where the model said so. */
export const brokenOff = ({ core }: Place, length: number): SysError =>
  new SysError("EIO", `core ${core} ended its answer after ${length} characters before it was complete`);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const quoted = (sentence: string, place: Place): string =>
  quote(
    place.secrets.reduce((open, secret) => open.replaceAll(secret, place.keyReference ?? "[key]"), sentence),
    place,
  );

/** An APICallError, or an error within a stream that names a status. */
function refused(said: Bag, place: Place, length: number): SysError {
  const status = said["statusCode"] as number;
  const body = text(said["responseBody"]);
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = said["data"];
  }
  const read = readUpstreamError(json);
  const sentence = quoted(read.sentence === "" ? text(said["message"]) : read.sentence, place);
  if (length > 0) {
    return new SysError("EIO", `core ${place.core} reported an error in its answer: ${sentence}`);
  }
  const error = refusalError(
    { ...place, url: addressOf(said["url"]) ?? place.url },
    {
      // Google answers 400 to a key that is none.
      status: /API_KEY_INVALID|API key not valid/i.test(`${body} ${sentence}`) ? 401 : status,
      headers: withRetryDelay(said["responseHeaders"], json),
      error: { ...read, sentence },
      text: "",
      nowMs: Date.now(),
    },
  );
  // Bedrock's 424: the model behind it broke.
  if (error.code === "EINVAL" && said["isRetryable"] === true) {
    return new SysError("EIO", error.message, { retryable: true });
  }
  return error;
}

const addressOf = (url: unknown): string | undefined => {
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  return parsed === null ? undefined : `${parsed.origin}${parsed.pathname}`;
};

/** Google tells when to come back in the body (google.rpc.RetryInfo) and not in a header. */
function withRetryDelay(headers: unknown, json: unknown): Readonly<Record<string, string>> {
  const given = bag(headers) as Readonly<Record<string, string>>;
  const outer = bag(Array.isArray(json) ? (json as unknown[])[0] : json);
  const { details } = bag(outer["error"] ?? outer);
  if (!Array.isArray(details)) return given;
  const delay = (details as unknown[])
    .map((detail) => bag(detail)["retryDelay"])
    .find((value) => typeof value === "string");
  const delayMs = parseDuration(delay, Date.now());
  return delayMs === undefined ? given : { "retry-after-ms": String(Math.ceil(delayMs)), ...given };
}

/** The innermost cause that names a code: what undici says happened, under what others made of it. */
function withCode(cause: unknown): unknown {
  let found: unknown;
  for (let at = cause, depth = 0; depth < 8 && at instanceof Object; at = (at as { cause?: unknown }).cause, depth++) {
    if (typeof (at as { code?: unknown }).code === "string") found = at;
  }
  return found;
}

export const cancellation = (signal: AbortSignal): SysError =>
  isSysError(signal.reason)
    ? signal.reason
    : new SysError("ECANCELED", "the call was cancelled", { cause: signal.reason });
