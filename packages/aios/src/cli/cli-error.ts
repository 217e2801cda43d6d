const mark = Symbol.for("aiosjs/CliError");

interface CliErrorOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly isRetryable?: boolean;
}

/**
 * A failure that the command line itself finds, told in the user's language. It loads nothing: usage errors must not
 * cost the start-up of the sdk. `code` is an errno of the table, or `EUNREACHABLE` (exit 7), which no kernel can say.
 */
export class CliError extends Error {
  readonly code: string;
  readonly exit: number;
  readonly hint: string | undefined;
  readonly isRetryable: boolean;

  constructor([code, exit]: readonly [code: string, exit: number], message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CliError";
    this.code = code;
    this.exit = exit;
    this.hint = options.hint;
    this.isRetryable = options.isRetryable ?? false;
    Object.defineProperty(this, mark, { value: true });
  }
}

/** Code and exit of the failures that the command line finds most. */
export const usage = ["EINVAL", 2] as const;
export const notFound = ["ENOENT", 3] as const;
export const denied = ["EACCES", 5] as const;
export const conflict = ["EEXIST", 6] as const;
export const unreachable = ["EUNREACHABLE", 7] as const;

export const isCliError = (value: unknown): value is CliError =>
  typeof value === "object" && value !== null && mark in value;
