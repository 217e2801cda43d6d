/** Days from 0000-03-01, where the algorithm's years begin, to the epoch. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

/**
 * The day of an instant in UTC, as 2026-11-21. From the day count alone (Hinnant, "chrono-compatible low-level date
 * algorithms", civil_from_days): the kernel has no clock but its port's, and so no Date.
 */
export function civilDay(epochMs: number): string {
  const days = Math.floor(epochMs / 86_400_000) + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const ofEra = days - era * ERA_DAYS;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const civilYear = year + era * 400 + (month <= 2 ? 1 : 0);
  return `${civilYear}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
