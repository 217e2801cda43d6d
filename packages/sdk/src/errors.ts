import type { CallId, Pid } from "./ids.ts";

interface ErrnoRow {
  /** HTTP status of the native door. */
  readonly status: number;
  /** Whether the same request may succeed when it is sent again. */
  readonly retryable: boolean;
  /** Exit code of the CLI. */
  readonly exit: number;
  readonly en: string;
  readonly zh: string;
}

/** The one table of error codes: POSIX names where POSIX has one. */
export const errnoTable = {
  EAUTH: { status: 401, retryable: false, exit: 4, en: "no key, or an unknown one", zh: "缺少密钥，或密钥无效" },
  E2BIG: { status: 413, retryable: false, exit: 2, en: "the request is too large", zh: "请求过大" },
  EPENDING: { status: 202, retryable: false, exit: 10, en: "waits for an approval", zh: "等待批准" },
  EACCES: { status: 403, retryable: false, exit: 5, en: "permission denied", zh: "权限不足" },
  EAGAIN: {
    status: 429,
    retryable: true,
    exit: 9,
    en: "the queue or the rate limit is full",
    zh: "队列或速率限制已满",
  },
  EBUSY: { status: 409, retryable: true, exit: 6, en: "in use", zh: "正在使用中" },
  ECANCELED: { status: 499, retryable: false, exit: 130, en: "cancelled", zh: "已取消" },
  EDQUOT: { status: 402, retryable: false, exit: 8, en: "a budget is spent", zh: "预算已用完" },
  EEXIST: { status: 409, retryable: false, exit: 6, en: "exists already", zh: "已存在" },
  EINVAL: { status: 400, retryable: false, exit: 2, en: "the request is wrong", zh: "请求有误" },
  EIO: { status: 502, retryable: true, exit: 1, en: "a device failed", zh: "设备出错" },
  ENODEV: { status: 503, retryable: true, exit: 1, en: "no device can serve this now", zh: "当前没有可用的设备" },
  ENOENT: { status: 404, retryable: false, exit: 3, en: "not found", zh: "未找到" },
  ENOSPC: { status: 507, retryable: false, exit: 1, en: "no space left", zh: "空间不足" },
  ENOSYS: { status: 404, retryable: false, exit: 3, en: "there is no such thing here", zh: "此处没有该功能" },
  EPOLICY: { status: 403, retryable: false, exit: 5, en: "a rule forbids it", zh: "策略禁止" },
  ESRCH: { status: 404, retryable: false, exit: 3, en: "no such process", zh: "没有这个进程" },
  ESTALE: { status: 409, retryable: false, exit: 6, en: "fenced: somebody newer owns it", zh: "已被更新的所有者取代" },
  ETIMEDOUT: { status: 504, retryable: true, exit: 124, en: "timed out", zh: "超时" },
  EAMBIGUOUS: {
    status: 409,
    retryable: false,
    exit: 6,
    en: "an effect's outcome is unknown",
    zh: "外部操作的结果未知",
  },
  EDIVERGED: {
    status: 409,
    retryable: false,
    exit: 6,
    en: "the replay met another request",
    zh: "重放时遇到不同的请求",
  },
} as const satisfies Record<string, ErrnoRow>;

export type Errno = keyof typeof errnoTable;

export const isErrno = (text: string): text is Errno => Object.hasOwn(errnoTable, text);

/** An error as data: the native door's RFC 9457 problem, and the body of `syscall.failed`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: Errno;
  detail: string;
  retryable: boolean;
  retryAfterMs?: number | undefined;
  /** What to do next, in one sentence. */
  hint?: string | undefined;
  pid?: Pid | undefined;
  call?: CallId | undefined;
}

interface SysErrorOptions {
  cause?: unknown;
  hint?: string | undefined;
  retryAfterMs?: number | undefined;
  /** Overrides the table, for the one error that knows better. */
  retryable?: boolean | undefined;
  pid?: Pid | undefined;
  call?: CallId | undefined;
}

const mark = Symbol.for("@aiosjs/SysError");

/**
 * The only error that crosses a boundary. `message` says what and where, `hint` what to do next.
 * Test with `isSysError`, never with `instanceof`: two copies of the sdk may be loaded.
 */
export class SysError extends Error {
  readonly code: Errno;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly pid: Pid | undefined;
  readonly call: CallId | undefined;

  constructor(code: Errno, message: string, options: SysErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SysError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? errnoTable[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.pid = options.pid;
    this.call = options.call;
    Object.defineProperty(this, mark, { value: true });
  }
}

export function isSysError(value: unknown): value is SysError {
  return typeof value === "object" && value !== null && mark in value;
}

export function toProblem(error: SysError): Problem {
  const row = errnoTable[error.code];
  return {
    type: `urn:aios:error:${error.code}`,
    title: row.en,
    status: row.status,
    code: error.code,
    detail: error.message,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.pid === undefined ? {} : { pid: error.pid }),
    ...(error.call === undefined ? {} : { call: error.call }),
  };
}

export function fromProblem(problem: Problem): SysError {
  const { code, detail, hint, retryable, retryAfterMs, pid, call } = problem;
  return new SysError(code, detail, { hint, retryable, retryAfterMs, pid, call });
}
