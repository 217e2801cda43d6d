import { expect, test } from "vitest";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { choose, priceOfQuality } from "./lagrange.ts";
import type { Option } from "./lagrange.ts";
import { QualityLedger } from "./quality-ledger.ts";

const rowsOf = (seed: number, count: number): Option[][] => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 }, (_, index) => ({ cost: (index + 1) * random.next(), quality: random.next() })),
  );
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** The least cost by trying all assignments. */
function best(rows: readonly (readonly Option[])[], least: number): number {
  const [row, ...rest] = rows;
  if (!row) return least <= 1e-9 ? 0 : Number.POSITIVE_INFINITY;
  return Math.min(...row.map(({ cost, quality }) => cost + best(rest, least - quality)));
}

test("at the price that is found alpha is reached, and no assignment that reaches it costs less than the dual says", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rows = rowsOf(seed, 7);
    const alpha = 0.6;
    const { high } = priceOfQuality(rows, alpha);
    const picks = rows.map((row) => row[choose(row, high)] as Option);
    expect(sum(picks.map(({ quality }) => quality)) / rows.length).toBeGreaterThanOrEqual(alpha - 1e-6);
    const dual = sum(picks.map(({ cost, quality }) => cost - high * quality)) + high * alpha * rows.length;
    const cost = sum(picks.map((pick) => pick.cost));
    const optimum = best(rows, alpha * rows.length);
    expect(dual).toBeLessThanOrEqual(optimum + 1e-6);
    expect(optimum).toBeLessThanOrEqual(cost + 1e-6);
  }
});

test("where alpha is out of reach each gets its best, where it costs nothing each gets its cheapest", () => {
  const rows = rowsOf(3, 5);
  const { high } = priceOfQuality(rows, 1);
  for (const row of rows) expect(row[choose(row, high)]?.quality).toBe(Math.max(...row.map(({ quality }) => quality)));
  const free = priceOfQuality(rows, 0);
  expect(free).toEqual({ low: 0, high: 0 });
  for (const row of rows) expect(row[choose(row, 0)]?.cost).toBe(Math.min(...row.map(({ cost }) => cost)));
});

test("one decision after the other, the mean stays at alpha and the cost within a tenth of what hindsight would pay", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const rows = rowsOf(seed, 400);
    const alpha = 0.65;
    const ledger = new QualityLedger();
    let [cost, quality] = [0, 0];
    for (const row of rows) {
      const wanted = Math.min(1, Math.max(0, alpha + ledger.shortfall(alpha)));
      const { low, high } = priceOfQuality([...ledger.rows, row], wanted);
      const cheaper = row[choose(row, low)] as Option;
      const pick = ledger.wouldMiss(alpha, cheaper.quality) ? (row[choose(row, high)] as Option) : cheaper;
      ledger.add(row, pick.quality);
      cost += pick.cost;
      quality += pick.quality;
    }
    const { high } = priceOfQuality(rows, alpha);
    const hindsight = sum(rows.map((row) => row[choose(row, high)]?.cost ?? 0));
    expect(quality / rows.length).toBeGreaterThan(alpha - 0.01);
    expect(cost).toBeLessThan(hindsight * 1.1);
  }
});
