import { labelsSchema } from "@aiosjs/sdk/protocol";
import type { Labels } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { isUntrusted, joinLabels, labelsOfChange, wouldFall } from "./labels.ts";

const trusts = labelsSchema.shape.trust.options;
const confidentialities = labelsSchema.shape.confidentiality.unwrap().options;
const all: Labels[] = trusts.flatMap((trust) =>
  confidentialities.map((confidentiality) => ({ trust, confidentiality })),
);

/** Whether `left` grants at least what `right` grants: trusted as much, and open to as many. */
const grants = (left: Labels, right: Labels): boolean =>
  trusts.indexOf(left.trust) <= trusts.indexOf(right.trust) &&
  confidentialities.indexOf(left.confidentiality) <= confidentialities.indexOf(right.confidentiality);

test("joining is commutative and idempotent, and always yields labels of the table", () => {
  for (const left of all)
    for (const right of all) {
      expect(joinLabels(left, right)).toEqual(joinLabels(right, left));
      expect(labelsSchema.parse(joinLabels(left, right))).toEqual(joinLabels(left, right));
      expect(joinLabels(joinLabels(left, right), right)).toEqual(joinLabels(left, right));
    }
  for (const each of all) expect(joinLabels(each, each)).toEqual(each);
  expect(all).toHaveLength(20);
});

test("joining grants no more than any of what is joined, and no less than it must", () => {
  for (const left of all)
    for (const right of all) {
      const join = joinLabels(left, right);
      expect(grants(left, join) && grants(right, join)).toBe(true);
      for (const other of all) if (grants(left, other) && grants(right, other)) expect(grants(join, other)).toBe(true);
    }
});

test.each([1, 2, 3])("in whatever order and groups labels are joined, the join is the same (seed %i)", (seed) => {
  const random = createSeededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)]!;
  for (let round = 0; round < 500; round++) {
    const some = Array.from({ length: 2 + Math.floor(random.next() * 6) }, () => pick(all));
    const shuffled = some
      .map((labels) => ({ labels, at: random.next() }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ labels }) => labels);
    const cut = 1 + Math.floor(random.next() * (some.length - 1));
    const whole = joinLabels(some[0]!, ...some.slice(1));
    expect(joinLabels(shuffled[0]!, ...shuffled.slice(1))).toEqual(whole);
    const [first, second] = [some.slice(0, cut), some.slice(cut)];
    expect(joinLabels(joinLabels(first[0]!, ...first.slice(1)), joinLabels(second[0]!, ...second.slice(1)))).toEqual(
      whole,
    );
  }
});

test("the least trust and the most confidentiality win", () => {
  expect(
    joinLabels({ trust: "user", confidentiality: "secret" }, { trust: "untrusted", confidentiality: "public" }),
  ).toEqual({ trust: "untrusted", confidentiality: "secret" });
  expect(
    joinLabels({ trust: "kernel", confidentiality: "public" }, { trust: "workspace", confidentiality: "internal" }),
  ).toEqual({ trust: "workspace", confidentiality: "internal" });
});

test("a change never raises a label, and says beforehand whether it lowers it", () => {
  for (const own of all)
    for (const seen of all) {
      const after = labelsOfChange(own, [seen, own]);
      expect(grants(own, after)).toBe(true);
      expect(wouldFall(own, [seen])).toBe(!grants(seen, own));
    }
  expect(labelsOfChange(all[7]!, [])).toEqual(all[7]);
});

test("what tools say and what nobody vouches for is untrusted, and nothing else", () => {
  expect(all.filter(isUntrusted).map(({ trust }) => trust)).toEqual([
    ...Array.from({ length: 4 }, () => "tool"),
    ...Array.from({ length: 4 }, () => "untrusted"),
  ]);
});
