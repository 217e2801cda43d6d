import { chineseNumber, englishNumber, numberOf } from "./numbers.ts";

const unitMs: Readonly<Record<string, number>> = {
  minute: 60_000,
  min: 60_000,
  m: 60_000,
  hour: 3_600_000,
  h: 3_600_000,
  day: 86_400_000,
  d: 86_400_000,
  week: 7 * 86_400_000,
  w: 7 * 86_400_000,
  month: 30 * 86_400_000,
  分钟: 60_000,
  小时: 3_600_000,
  钟头: 3_600_000,
  天: 86_400_000,
  日: 86_400_000,
  周: 7 * 86_400_000,
  星期: 7 * 86_400_000,
  月: 30 * 86_400_000,
};

const english = new RegExp(`^(half an|${englishNumber}) ?(minute|min|hour|day|week|month|[mhdw])s?$`, "i");
const chinese = new RegExp(`^(半|${chineseNumber}) ?个?(分钟|小时|钟头|天|日|周|星期|月)$`);

/** "24 hours", "a week", "7d", "三天", "半小时" in milliseconds, a month as 30 days; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const found = english.exec(text.trim().replaceAll(/\s+/g, " ")) ?? chinese.exec(text.trim());
  const [, count = "", unit = ""] = found ?? [];
  const amount = /^(?:half an|半)$/i.test(count) ? 0.5 : numberOf(count);
  const ms = (amount ?? Number.NaN) * (unitMs[unit.toLowerCase()] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}
