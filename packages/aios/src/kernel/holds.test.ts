import { expect, test } from "vitest";
import type { CallRecord } from "./call-record.ts";
import { Holds } from "./holds.ts";

/** A call, with its end. */
function call(): { record: CallRecord; end: () => void } {
  const settles: (() => void)[] = [];
  const record = { settles } as unknown as CallRecord;
  return { record, end: () => settles.forEach((settle) => settle()) };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("who waits behind a call that gave up waits for those before that one, and so does who comes later", async () => {
  const holds = new Holds();
  const [first, second, third, fourth] = [call(), call(), call(), call()];
  const holding: string[] = [];
  await holds.hold(["a"], first.record);
  void holds.hold(["a", "b"], second.record);
  void holds.hold(["b"], third.record).then(() => holding.push("third"));
  second.end();
  void holds.hold(["a"], fourth.record).then(() => holding.push("fourth"));
  await turn();
  expect(holding).toEqual([]);
  first.end();
  await turn();
  expect(holding.toSorted()).toEqual(["fourth", "third"]);
});

test("what is given back is free before the call has ended", async () => {
  const holds = new Holds();
  const [first, second] = [call(), call()];
  const release = await holds.hold(["a"], first.record);
  release();
  await holds.hold(["a"], second.record);
  second.end();
  first.end();
  await holds.hold(["a"], call().record);
});
