import { asCallId, asPid, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { afterAll, expect, test } from "vitest";
import { openComputer } from "./compute.ts";
import { createBuiltinToolbox } from "./toolbox.ts";

const nowMs = Date.UTC(2026, 2, 28, 23, 30);
const toolbox = createBuiltinToolbox({ clock: { nowMs: () => nowMs }, maxComputeMs: 700, maxComputeMiB: 96 });
afterAll(() => toolbox[Symbol.asyncDispose]());

type Syscall = (name: string, args: unknown) => Promise<unknown>;
const noSyscall: Syscall = (name) => Promise.reject(new Error(`unexpected ${name}`));

async function call(
  name: string,
  given: Record<string, unknown>,
  { syscall = noSyscall, signal = new AbortController().signal } = {},
): Promise<string> {
  const context = {
    call: asCallId("c"),
    idempotencyKey: "once",
    pid: asPid("p"),
    tenant: asTenantId("t"),
    model: "",
    signal,
    syscall,
  };
  for await (const batch of toolbox.execute("tool.call", { name, arguments: given }, context))
    for (const event of batch) if (event.type === "result") return (event.result as { content: string }).content;
  throw new Error("no result");
}
const refusal = (name: string, given: Record<string, unknown>): Promise<string> =>
  call(name, given).then(
    (content) => `went through: ${content}`,
    (cause: unknown) => (isSysError(cause) ? `${cause.code} ${cause.message}` : `threw ${String(cause)}`),
  );
const calculate = (expression: string) => call("calculator", { expression });
const date = (given: Record<string, unknown>) => call("date", given);

test("every tool has a name that all model APIs take, and a closed object as parameters", () => {
  expect(toolbox.tools().map(({ name }) => name)).toEqual([
    "file_read",
    "file_write",
    "file_list",
    "file_remove",
    "calculator",
    "date",
    "json_query",
    "shell",
    "code",
  ]);
  for (const { name, parameters } of toolbox.tools()) {
    expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(parameters).toMatchObject({ type: "object", additionalProperties: false });
    expect(parameters).not.toHaveProperty("$schema");
  }
});

test("an unknown tool is told with the ones there are, wrong arguments by name", async () => {
  expect(await refusal("search", {})).toMatch(
    /^ENOENT no tool "search"; there are file_read, .*json_query, shell, code$/,
  );
  expect(await refusal("calculator", { formula: "1" })).toMatch(/^EINVAL calculator: expression: /);
});

test("the calculator is exact with decimals, long numbers, units and matrices", async () => {
  expect(await calculate("0.1 + 0.2")).toBe("0.3");
  expect(await calculate("123456789 * 987654321")).toBe("121932631112635269");
  expect(await calculate("2^100")).toBe("1267650600228229401496703205376");
  expect(await calculate("sqrt(2)^2")).toBe("2");
  expect(await calculate("1 / 3")).toBe("0.33333333333333333333");
  expect(await calculate("a = 3\nb = 4\nsqrt(a^2 + b^2)")).toBe("3\n4\n5");
  expect(await calculate("5 km to mile")).toMatch(/^3\.10685596118666\d* mile$/);
  expect(await calculate("inv([1, 2; 3, 4])")).toBe("[[-2, 1], [1.5, -0.5]]");
  expect(await calculate("erf(0.5)")).toBe("0.520499877813047");
});

test("a formula cannot change the calculator, reach the machine or keep state", async () => {
  for (const expression of [
    'evaluate("1")',
    'parse("1")',
    "import({pi: 3})",
    'createUnit("foo")',
    'config({number: "number"})',
    'cos.constructor("return process")()',
    "[].map.constructor",
  ])
    expect(await refusal("calculator", { expression }), expression).toMatch(/^EINVAL /);
  await calculate("x = 5");
  expect(await refusal("calculator", { expression: "x" })).toBe("EINVAL Undefined symbol x");
});

const endless = "f(n) = n < 2 ? 1 : f(n - 1) + f(n - 2); f(90)";

test("a formula that does not end is stopped, and the next one is answered", async () => {
  expect(await refusal("calculator", { expression: endless })).toBe(
    "EINVAL the calculation took more than 700 ms and was stopped",
  );
  expect(await calculate("6 * 7")).toBe("42");
}, 60_000);

test("a formula that eats the memory ends its own process, not the kernel's, and the next one is answered", async () => {
  await using computer = openComputer({ maxComputeMs: 60_000, maxComputeMiB: 96 });
  const { signal } = new AbortController();
  const greedy = computer.compute({ kind: "calculate", expression: "ones(2000, 2000); ones(4000, 4000)" }, signal);
  await expect(greedy).rejects.toMatchObject({
    code: "EINVAL",
    message: "the calculation took more than 96 MiB and was stopped",
  });
  expect(await computer.compute({ kind: "calculate", expression: "6 * 7" }, signal)).toBe("42");
}, 60_000);

test("an aborted calculation ends with the reason, whether it runs or waits, and the next one is answered", async () => {
  const [running, waiting] = [new AbortController(), new AbortController()];
  const stuck = call("calculator", { expression: endless }, { signal: running.signal });
  const behind = call("calculator", { expression: "1" }, { signal: waiting.signal });
  waiting.abort(new Error("not needed"));
  running.abort(new Error("enough"));
  await expect(stuck).rejects.toThrow("enough");
  await expect(behind).rejects.toThrow("not needed");
  expect(await calculate("1 + 1")).toBe("2");
});

test("dates know zones, leap years, short months and daylight saving", async () => {
  expect(await date({ operation: "now" })).toBe("2026-03-28T23:30:00Z (Saturday, UTC)");
  expect(await date({ operation: "now", zone: "Asia/Shanghai" })).toBe(
    "2026-03-29T07:30:00+08:00 (Sunday, Asia/Shanghai)",
  );
  const add = (start: string, duration: string, zone = "UTC") =>
    date({ operation: "add", date: start, duration, zone });
  expect(await add("2024-01-31", "P1M")).toBe("2024-02-29 (Thursday)");
  expect(await add("2024-02-29", "P1Y")).toBe("2025-02-28 (Friday)");
  expect(await add("2026-03-01", "-P1D")).toBe("2026-02-28 (Saturday)");
  // The clocks go forward in Berlin on 29 March 2026: a day later is the same hour, 24 hours later is not.
  expect(await add("2026-03-28T12:00", "P1D", "Europe/Berlin")).toMatch(/^2026-03-29T12:00:00\+02:00 /);
  expect(await add("2026-03-28T12:00", "PT24H", "Europe/Berlin")).toMatch(/^2026-03-29T13:00:00\+02:00 /);
  expect(await add("2026-03-29T02:30", "PT0S", "Europe/Berlin")).toMatch(/^2026-03-29T03:30:00\+02:00 /);
  expect(await add("2026-10-25T02:30", "PT1H", "Europe/Berlin")).toMatch(/^2026-10-25T02:30:00\+01:00 /);
  expect(await date({ operation: "difference", date: "2024-02-28", to: "2024-03-01" })).toBe(
    "2 days (in all 2 whole days, 172800 seconds)",
  );
  expect(await date({ operation: "difference", date: "2025-01-15", to: "2026-03-20T06:30:00Z" })).toBe(
    "1 year 2 months 5 days 6 hours 30 minutes (in all 429 whole days, 37089000 seconds)",
  );
  expect(await date({ operation: "difference", date: "2026-03-02", to: "2026-03-01" })).toBe(
    "minus 1 day (in all -1 whole days, -86400 seconds)",
  );
  expect(await date({ operation: "format", date: "2026-03-01", locale: "zh-CN" })).toBe("2026年3月1日");
});

test("what is no date, zone, duration or language is told with an example", async () => {
  expect(await refusal("date", { operation: "add", date: "2026-02-30", duration: "P1D" })).toBe(
    'EINVAL date: "2026-02-30" is no date',
  );
  expect(await refusal("date", { operation: "now", zone: "Mars/Base" })).toBe('EINVAL date: no time zone "Mars/Base"');
  expect(await refusal("date", { operation: "add", duration: "3 days" })).toBe(
    'EINVAL date: "3 days" is no ISO 8601 duration',
  );
  expect(await refusal("date", { operation: "add", duration: "P" })).toMatch(/^EINVAL/);
  expect(await refusal("date", { operation: "format", locale: "x!" })).toBe('EINVAL date: "x!" is no language tag');
});

test("JSON is queried from text or from a file of the process", async () => {
  const orders = JSON.stringify({
    orders: [
      { customer: "a", total: 120 },
      { customer: "b", total: 80 },
    ],
  });
  expect(await call("json_query", { query: "orders[total > 100].customer", json: orders })).toBe('"a"');
  const asked: unknown[] = [];
  const syscall: Syscall = (name, args) => {
    asked.push([name, args]);
    return Promise.resolve({ content: orders, sizeBytes: orders.length });
  };
  expect(await call("json_query", { query: "$sum(orders.total)", path: "orders.json" }, { syscall })).toBe("200");
  expect(asked).toEqual([["fs.read", { path: "orders.json" }]]);
  expect(await call("json_query", { query: "nothing", json: orders })).toBe("(nothing matches)");
});

test("a broken query, broken JSON and a query without end are sentences", async () => {
  expect(await refusal("json_query", { query: "a[", json: "{}" })).toMatch(/^EINVAL \w/);
  expect(await refusal("json_query", { query: "a", json: "{" })).toMatch(/^EINVAL the input is not JSON: /);
  expect(await refusal("json_query", { query: "a" })).toBe("EINVAL json_query: give either json or path");
  expect(await refusal("json_query", { query: "($f := function(){$f()}; $f())", json: "{}" })).toMatch(/^EINVAL \w/);
  expect(
    await refusal("json_query", { query: '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/)', json: "{}" }),
  ).toMatch(/^EINVAL the query took more than 700 ms/);
}, 30_000);

test("the file tools are syscalls of the same process and show long files in pieces", async () => {
  const asked: unknown[] = [];
  const syscall: Syscall = (name, args) => {
    asked.push([name, args]);
    return Promise.resolve(
      name === "fs.read"
        ? { content: "x".repeat(60_001), sizeBytes: 60_001 }
        : {
            sizeBytes: 2,
            entries: [
              { name: "a", kind: "folder", sizeBytes: 0 },
              { name: "b", kind: "file", sizeBytes: 3 },
            ],
          },
    );
  };
  expect(await call("file_read", { path: "a" }, { syscall })).toMatch(
    /x\n\[1 more characters; go on with offset 60000\]$/,
  );
  expect(await call("file_read", { path: "a", offset: 60_000 }, { syscall })).toBe("x");
  expect(await call("file_write", { path: "a", content: "hi" }, { syscall })).toBe("wrote 2 bytes to a");
  expect(await call("file_list", {}, { syscall })).toBe("a/\nb (3 bytes)");
  expect(await call("file_remove", { path: "a" }, { syscall })).toBe("removed a");
  expect(asked.slice(2)).toEqual([
    ["fs.write", { path: "a", content: "hi" }],
    ["fs.list", { path: "." }],
    ["fs.remove", { path: "a" }],
  ]);
});
