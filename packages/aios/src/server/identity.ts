import { classSchema, memoryOptionsSchema, SysError } from "@aiosjs/sdk/protocol";
import type { Pid, SchedulingClass } from "@aiosjs/sdk/protocol";
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Caller, Kernel, Principal } from "../kernel/ports.ts";

/** In this order: what Claude Code, Codex, opencode and others already send to tell their sessions apart. */
const sessionHeaders = ["x-claude-code-session-id", "session-id", "x-session-id", "x-session-affinity"] as const;

/** Longer ones are hashed: the kernel keeps identities as long as their processes, and keys as long as their calls. */
const longestName = 200;

const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  return text === "" ? undefined : text;
};

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The client's name in `aios ps`: the first product of its user agent (`OpenAI/JS`, `claude-cli`). */
function labelOf(headers: IncomingHttpHeaders): string | undefined {
  const product = headers["user-agent"]?.split(/[\s(]/, 1)[0] ?? "";
  const name = product.replace(/\/v?\d[\w.+-]*$/, "");
  return /^[\w./@-]{1,40}$/.test(name) ? name : undefined;
}

function sessionOf(
  headers: IncomingHttpHeaders,
  body: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  for (const name of sessionHeaders) {
    const value = headerOf(headers, name);
    if (value !== undefined) return value;
  }
  if (body === undefined) return undefined;
  const { metadata } = body;
  return (
    textOf(body["prompt_cache_key"]) ??
    (typeof metadata === "object" && metadata !== null
      ? textOf((metadata as Readonly<Record<string, unknown>>)["user_id"])
      : undefined) ??
    textOf(body["safety_identifier"]) ??
    textOf(body["user"])
  );
}

/**
 * The process that a request speaks for: its key's own, else the one named by `x-aios-pid`, else its session's, else the
 * key itself (undefined).
 * @throws SysError ESRCH when `x-aios-pid` is not a process of the key, EAGAIN when the key makes too many processes.
 */
function processOf(
  kernel: Kernel,
  principal: Principal,
  { headers, body }: { headers: IncomingHttpHeaders; body: Readonly<Record<string, unknown>> | undefined },
): Pid | undefined {
  if (principal.pid !== null) return principal.pid;
  const pid = headerOf(headers, "x-aios-pid");
  const label = labelOf(headers);
  const name = label === undefined ? {} : { label };
  if (pid !== undefined) return kernel.identify(principal, { pid, ...name });
  const session = sessionOf(headers, body);
  // A foreign client without a session is the key itself, under the client's name; our own programs need none for views.
  if (session === undefined) return body === undefined ? undefined : kernel.identify(principal, name);
  return kernel.identify(principal, {
    session: shortened(session),
    ...name,
  });
}

function integerOf(
  headers: IncomingHttpHeaders,
  name: string,
  range: { from: number; to: number },
): number | undefined {
  const text = headerOf(headers, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < range.from || value > range.to)
    throw new SysError("EINVAL", `the header ${name} is ${JSON.stringify(text)}`, {
      hint: `it takes a whole number from ${range.from} to ${range.to}`,
    });
  return value;
}

function classOf(headers: IncomingHttpHeaders): SchedulingClass | undefined {
  const text = headerOf(headers, "x-aios-class");
  if (text === undefined) return undefined;
  const parsed = classSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SysError("EINVAL", `the header x-aios-class is ${JSON.stringify(text)}`, {
    hint: `it takes ${classSchema.options.join(" or ")}`,
  });
}

/** A day: nobody waits longer for one call, and timers stay within 31 bits. */
const longestDeadlineMs = 86_400_000;

/** `x-aios-recall: true` or how many notes at most, `x-aios-remember: true` or the namespace: for clients whose requests cannot say it. */
function memoryOf(headers: IncomingHttpHeaders): Pick<Caller, "recall" | "remember"> {
  const recall = switchOf(headerOf(headers, "x-aios-recall"));
  const remember = switchOf(headerOf(headers, "x-aios-remember"));
  const parsed = memoryOptionsSchema.partial().safeParse({
    ...(recall === undefined ? {} : { recall: typeof recall === "string" ? { limit: Number(recall) } : recall }),
    ...(remember === undefined ? {} : { remember: typeof remember === "string" ? { namespace: remember } : remember }),
  });
  if (!parsed.success)
    throw new SysError("EINVAL", `the header x-aios-recall is ${JSON.stringify(recall)}`, {
      hint: "it takes true, false, or a whole number from 1 to 50: how many notes at most",
    });
  return {
    ...(recall === undefined ? {} : { recall: parsed.data.recall }),
    ...(remember === undefined ? {} : { remember: parsed.data.remember }),
  };
}

const switchOf = (text: string | undefined): string | boolean | undefined =>
  text === "true" ? true : text === "false" ? false : text;

/** Where in its program a call stands, percent-encoded: lanes may be called anything. */
function placeOf(headers: IncomingHttpHeaders): string | undefined {
  const text = headerOf(headers, "x-aios-replay-key");
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SysError("EINVAL", "the header x-aios-replay-key is not percent-encoded text", { cause });
  }
}

/** Official clients count the attempts of a request; 0 is the first. */
const isRetry = (headers: IncomingHttpHeaders): boolean => Number(headerOf(headers, "x-stainless-retry-count")) > 0;

const shortened = (text: string): string =>
  text.length <= longestName ? text : createHash("sha256").update(text).digest("hex");

/** Who asks, how urgently, and whether again. `body` is looked at where its dialect says who the user is. */
export function callerOf(
  kernel: Kernel,
  principal: Principal,
  request: {
    headers: IncomingHttpHeaders;
    body?: Readonly<Record<string, unknown>>;
    onDetach: Caller["onDetach"];
  },
): Caller {
  const { headers, body, onDetach } = request;
  const nice = integerOf(headers, "x-aios-nice", { from: -20, to: 19 });
  const schedulingClass = classOf(headers);
  const deadlineMs = integerOf(headers, "x-aios-deadline-ms", { from: 1, to: longestDeadlineMs });
  const pid = processOf(kernel, principal, { headers, body });
  const replayKey = placeOf(headers);
  const key = headerOf(headers, "idempotency-key");
  const again = key !== undefined ? { idempotencyKey: shortened(key) } : isRetry(headers) ? { isRetry: true } : {};
  const memory = memoryOf(headers);
  return { principal, pid, nice, class: schedulingClass, deadlineMs, replayKey, ...again, ...memory, onDetach };
}

/** The same for calls that may have been made before: what earlier kernels recorded of them has been looked up. */
export async function returningCallerOf(...request: Parameters<typeof callerOf>): Promise<Caller> {
  const [kernel] = request;
  const caller = callerOf(...request);
  if (caller.isRetry === true || caller.idempotencyKey !== undefined) await kernel.recollect(caller);
  return caller;
}
