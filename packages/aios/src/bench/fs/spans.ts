import type { Span } from "./phrases.ts";

const DAY_MS = 86_400_000;

interface Times {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the words mean on that day, in UTC; weeks begin on Monday. `monthsBack` is the month of `inMonth`. */
export function timesOf(span: Span, nowMs: number, monthsBack: number): Times {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  switch (span) {
    case "yesterday":
      return { fromMs: today - DAY_MS, toMs: today - 1 };
    case "lastWeek": {
      const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * DAY_MS;
      return { fromMs: monday - 7 * DAY_MS, toMs: monday - 1 };
    }
    case "lastMonth":
      return month(nowMs, 1);
    case "inMonth":
      return month(nowMs, monthsBack);
  }
}

function month(nowMs: number, back: number): Times {
  const now = new Date(nowMs);
  const start = (months: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1);
  return { fromMs: start(back), toMs: start(back - 1) - 1 };
}
