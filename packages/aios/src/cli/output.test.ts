import { PassThrough } from "node:stream";
import { SysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { plain } from "../tui/paint.ts";
import { CliError, unreachable } from "./cli-error.ts";
import { Output } from "./output.ts";
import { reportOf, reportText } from "./report.ts";

function opened(form: "text" | "json" | "jsonl", isQuiet = false) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const output = new Output(form, isQuiet, { stdout, stderr });
  const read = (stream: PassThrough) => String(stream.read() ?? "");
  return { output, out: () => read(stdout), err: () => read(stderr) };
}

test("people get text on stdout and chatter on stderr", () => {
  const { output, out, err } = opened("text");
  output.result({ n: 1 }, () => "one");
  output.say("by the way");
  output.end(0);
  expect([out(), err()]).toEqual(["one\n", "by the way\n"]);
});

test("quiet leaves the result alone", () => {
  const { output, out, err } = opened("text", true);
  output.say("by the way");
  output.result("x", () => "key");
  expect([out(), err()]).toEqual(["key\n", ""]);
});

test("--json is one envelope, whatever was rendered", () => {
  const { output, out } = opened("json");
  output.out("raw");
  output.result({ n: 1 }, () => "one");
  output.end(0);
  expect(JSON.parse(out())).toEqual({ ok: true, data: { n: 1 }, error: null, meta: { v: 1 } });
});

test("items are the array of the envelope, or a line each", () => {
  for (const [form, expected] of [
    ["json", '{"ok":true,"data":[1,2],"error":null,"meta":{"v":1}}\n'],
    ["jsonl", "1\n2\n"],
    ["text", "#1\n#2\n"],
  ] as const) {
    const { output, out } = opened(form);
    for (const n of [1, 2]) output.item(n, () => `#${n}`);
    output.end(0);
    expect(out()).toBe(expected);
  }
});

test("data that came with a bad exit code is there, and not ok", () => {
  const { output, out } = opened("json");
  output.result({ broken: 1 }, () => "");
  output.end(1);
  expect(JSON.parse(out())).toMatchObject({ ok: false, data: { broken: 1 }, error: null });
});

test("an error of the kernel exits by the errno table and is told in the user's language", async () => {
  const error = new SysError("EDQUOT", "the budget of tenant a is spent", { hint: "aios budget show" });
  const report = await reportOf(error, "zh", false);
  expect(report).toMatchObject({ code: "EDQUOT", exit: 8, retryable: false });
  expect(reportText(report, plain)).toBe(
    "aios: 预算已用完 (EDQUOT): the budget of tenant a is spent\n  → aios budget show",
  );
});

test("an error of the command line stands for itself", async () => {
  const report = await reportOf(new CliError(unreachable, "no kernel", { hint: "aios up -d" }), "en", false);
  expect(report.exit).toBe(7);
  expect(reportText(report, plain)).toBe("aios: no kernel\n  → aios up -d");
});

test("a fault of our own shows no stack, and an interruption is no fault", async () => {
  const fault = await reportOf(new TypeError("x is undefined"), "en", false);
  expect(fault).toMatchObject({ exit: 1, message: "internal error: x is undefined" });
  expect(reportText(fault, plain)).not.toContain("    at ");
  expect(await reportOf(new Error("SIGINT"), "en", true)).toMatchObject({ code: "ECANCELED", exit: 130 });
});
