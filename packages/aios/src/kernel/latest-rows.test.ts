import { expect, test } from "vitest";
import { callRow, ofBlob, ofCall, ofFile, ofProcess, processRow } from "../../test/journal-rows.ts";
import { latestRows } from "./latest-rows.ts";

const account = (used: number, scope = "process:p1") => ({
  kind: "account" as const,
  row: { scope, resource: "calls" as const, window: "day" as const, limit: 9, used, windowStartedAtMs: 0 },
});

test("of rows that are written whole the last one is left, beside those of others", () => {
  const [other, last] = [ofProcess(processRow("p2")), ofProcess(processRow("p1", { nice: 3 }))];
  const rows = latestRows([
    ofProcess(processRow("p1")),
    other,
    account(1),
    account(7, "tenant:local"),
    last,
    account(2),
  ]);
  expect(rows).toEqual([last, other, account(2), account(7, "tenant:local")]);
});

test("a call that began and ended is one row, which has its request", () => {
  const row = callRow("p1", 1, { request: { name: "note" } });
  const intent = ofCall({ ...row, state: "intent", result: null });
  expect(latestRows([intent, ofCall({ ...row, request: undefined })])).toEqual([ofCall(row)]);
});

test("every version of a file is left, whichever come with it, and every content", () => {
  const records = [
    ofFile("a.md", 1),
    ofBlob("one", new Uint8Array([1])),
    ofFile("a.md", 2, { version: 2 }),
    ofBlob("two", new Uint8Array([2])),
    ofFile("a.md", 3, { version: 3, kind: "gone", hash: null }),
  ];
  expect(latestRows(records)).toEqual(records);
});
