import { SysError } from "@aiosjs/sdk/protocol";
import type { Limit } from "@aiosjs/sdk/protocol";
import type { AccountRow, CallerLimit } from "./ports.ts";
import type { Process } from "./process.ts";

type Resource = Limit["resource"];
type Window = Limit["window"];

/** One limit of one scope, with what is used and what running calls have reserved. */
export class Account {
  readonly scope: string;
  readonly resource: Resource;
  readonly window: Window;
  limit: number;
  used: number;
  reserved = 0;
  windowStartedAtMs: number;

  constructor(row: AccountRow & { limit: number }) {
    this.scope = row.scope;
    this.resource = row.resource;
    this.window = row.window;
    this.limit = row.limit;
    this.used = row.used;
    this.windowStartedAtMs = row.windowStartedAtMs;
  }

  /** What can still be bought. A window that has passed starts anew. */
  leftAt(nowMs: number): number {
    const started = windowStart(this.window, nowMs, this.windowStartedAtMs);
    if (started !== this.windowStartedAtMs) {
      this.windowStartedAtMs = started;
      this.used = 0;
    }
    return Math.max(0, this.limit - this.used - this.reserved);
  }

  get resetsAtMs(): number | null {
    return windowEnd(this.window, this.windowStartedAtMs);
  }

  /**
   * As the journal keeps it: what running calls have reserved counts as used, so that no budget grows by a crash. A call
   * without a result is charged in full; one that ends is settled in its own row.
   */
  row(): AccountRow {
    const { scope, resource, window, limit, windowStartedAtMs } = this;
    return { scope, resource, window, limit, used: this.used + this.reserved, windowStartedAtMs };
  }
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Windows are aligned to UTC, so that a restart does not open a new one. */
function windowStart(window: Window, nowMs: number, before: number): number {
  switch (window) {
    case "run":
      return before;
    case "hour":
      return nowMs - (nowMs % HOUR_MS);
    case "day":
      return nowMs - (nowMs % DAY_MS);
    case "month":
      return monthStart(nowMs);
  }
}

function windowEnd(window: Window, startMs: number): number | null {
  switch (window) {
    case "run":
      return null;
    case "hour":
      return startMs + HOUR_MS;
    case "day":
      return startMs + DAY_MS;
    case "month":
      return monthStart(startMs + 31 * DAY_MS + HOUR_MS);
  }
}

/** First instant of the UTC month of `ms`, by the civil-from-days algorithm (H. Hinnant): the kernel has no calendar. */
function monthStart(ms: number): number {
  const days = Math.floor(ms / DAY_MS) + 719_468;
  const dayOfEra = days - Math.floor(days / 146_097) * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthIndex + 2) / 5);
  return (Math.floor(ms / DAY_MS) - dayOfMonth) * DAY_MS;
}

/** What a process has used in its whole life. */
export function usedOf(
  { usage, done, failed, toolCalls }: Pick<Process, "usage" | "done" | "failed" | "toolCalls">,
  resource: Resource,
): number {
  switch (resource) {
    case "tokens":
      return usage.inputTokens + usage.outputTokens;
    case "costUsd":
      return usage.costUsd;
    case "calls":
      return done + failed;
    case "toolCalls":
      return toolCalls;
    case "wallMs":
      return 0;
  }
}

/** What a running call holds of its accounts. */
export interface Reservation {
  readonly accounts: readonly Account[];
  readonly amounts: readonly number[];
}

/** What a call would take at most. */
export type Cost = Readonly<Record<Exclude<Resource, "wallMs">, number>>;

/** All limits there are, by scope. */
export class Budgets {
  readonly #byScope = new Map<string, Account[]>();
  /** Usage of limits that came with the journal, waiting for the limit itself. */
  readonly #stored = new Map<string, AccountRow>();

  restore(rows: readonly AccountRow[]): void {
    for (const row of rows) this.#stored.set(`${row.scope} ${row.resource} ${row.window}`, row);
  }

  /** Sets limits of a scope; one of the same resource and window keeps its usage. */
  set(scope: string, limits: readonly Limit[], nowMs: number): Account[] {
    const accounts = this.#byScope.get(scope) ?? [];
    for (const { resource, window, limit } of limits) {
      const known = accounts.find((account) => account.resource === resource && account.window === window);
      if (known) known.limit = limit;
      else {
        const stored = this.#stored.get(`${scope} ${resource} ${window}`);
        const fresh = { used: 0, windowStartedAtMs: windowStart(window, nowMs, nowMs) };
        accounts.push(new Account({ ...fresh, ...stored, scope, resource, window, limit }));
      }
    }
    if (accounts.length > 0) this.#byScope.set(scope, accounts);
    return accounts;
  }

  of(scope: string): readonly Account[] {
    return this.#byScope.get(scope) ?? [];
  }

  drop(scope: string): void {
    this.#byScope.delete(scope);
  }

  all(): Account[] {
    return [...this.#byScope.values()].flat();
  }

  get isEmpty(): boolean {
    return this.#byScope.size === 0;
  }
}

/** The first account that has nothing left for `resource`s the call needs. */
export function spentAccount(
  accounts: readonly Account[],
  needs: readonly Resource[],
  nowMs: number,
): Account | undefined {
  return accounts.find((account) => needs.includes(account.resource) && account.leftAt(nowMs) <= 0);
}

/** The account that cannot pay `cost` whole. */
export function shortAccount(accounts: readonly Account[], cost: Cost, nowMs: number): Account | undefined {
  return accounts.find((account) => account.resource !== "wallMs" && account.leftAt(nowMs) < cost[account.resource]);
}

/** For each resource that clients know limits of, the account that has least left. */
export function callerLimits(accounts: readonly Account[], nowMs: number): CallerLimit[] {
  return (["calls", "tokens"] as const).flatMap((resource) => {
    const own = accounts.filter((account) => account.resource === resource);
    if (own.length === 0) return [];
    const tightest = own.reduce((least, one) => (one.leftAt(nowMs) < least.leftAt(nowMs) ? one : least));
    const { limit, resetsAtMs } = tightest;
    return [{ resource, limit, remaining: Math.floor(tightest.leftAt(nowMs)), resetsAtMs }];
  });
}

export function reserve(accounts: readonly Account[], cost: Cost): Reservation {
  const amounts = accounts.map((account) => (account.resource === "wallMs" ? 0 : cost[account.resource]));
  for (const [index, account] of accounts.entries()) account.reserved += amounts[index] ?? 0;
  return { accounts, amounts };
}

export function settle({ accounts, amounts }: Reservation, actual: Cost): void {
  for (const [index, account] of accounts.entries()) {
    account.reserved -= amounts[index] ?? 0;
    if (account.resource !== "wallMs") account.used += actual[account.resource];
  }
}

/** EDQUOT, with the time until the budget is whole again where its window ends. */
export function exhausted(account: Account, action: string, nowMs: number): SysError {
  const { scope, resource, window, limit, used, reserved, resetsAtMs } = account;
  const held = reserved > 0 ? `, ${round(reserved)} held by running calls` : "";
  return new SysError(
    "EDQUOT",
    `${action}: the ${resource} budget of ${scope} (${limit} per ${window}) has ${round(Math.max(0, limit - used - reserved))} left (${round(used)} used${held})`,
    {
      retryAfterMs: resetsAtMs === null ? undefined : Math.max(0, resetsAtMs - nowMs),
      hint: scope.startsWith("process:")
        ? `raise it: aios limits ${scope.slice("process:".length)} ${resource}=N/${window}`
        : `raise it: aios budget set ${scope} ${resource}=N/${window}`,
    },
  );
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;
