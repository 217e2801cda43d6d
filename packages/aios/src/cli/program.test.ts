import { describe, expect, test } from "vitest";
import { isCliError } from "./cli-error.ts";
import { parseCommandLine } from "./program.ts";
import type { Invocation } from "./program.ts";
import type { Lang } from "./text.ts";

const parse = (line: string | readonly string[]): Invocation => {
  const parsed = parseCommandLine(typeof line === "string" ? line.split(" ") : line, "en");
  if (!("row" in parsed)) throw new Error(`help on "${parsed.helpOn}"`);
  return parsed;
};
const refusal = (line: string, lang: Lang = "en"): { message: string; hint: string | undefined; exit: number } => {
  try {
    parseCommandLine(line.split(" "), lang);
  } catch (error) {
    if (!isCliError(error)) throw error;
    return { message: error.message, hint: error.hint, exit: error.exit };
  }
  throw new Error("it was taken");
};

describe("the command line", () => {
  test("global options may stand before, between and after the command's words", () => {
    for (const line of [
      "--json --home /h config get server.port",
      "config --json get --home /h server.port",
      "config get server.port --json --home=/h",
    ]) {
      const { row, args, options } = parse(line);
      expect(row.path).toBe("config get");
      expect(args).toEqual({ key: "server.port" });
      expect(options).toMatchObject({ json: true, home: "/h", quiet: false });
    }
  });

  test("values come as the row says: numbers, lists, choices, defaults", () => {
    expect(parse("key new --limit tokens=1 --limit calls=2 --budget-usd 0.5").options).toMatchObject({
      limit: ["tokens=1", "calls=2"],
      budgetUsd: 0.5,
      scopes: [],
      tenant: undefined,
    });
    expect(parse("kill a b").args).toEqual({ pids: ["a", "b"] });
    expect(parse("kill a").options).toMatchObject({ signal: "kill", alone: false });
  });

  test("a negative number is an argument, not an option", () => {
    expect(parse("nice abc -5").args).toEqual({ pid: "abc", value: -5 });
  });

  test("what follows -- belongs to the command, options and all", () => {
    const { row, args, rest, options } = parse(["run", "--nice", "3", "--", "python", "x.py", "--json", "--", "-h"]);
    expect(row.path).toBe("run");
    expect(rest).toEqual(["python", "x.py", "--json", "--", "-h"]);
    expect(args).toMatchObject({ agent: undefined, task: [] });
    expect(options).toMatchObject({ nice: 3, json: false });
  });

  test("after -- a word that looks like an option is an argument of a command that takes no rest", () => {
    expect(parse(["exec", "--", "--what", "is", "this"]).args).toEqual({ prompt: ["--what", "is", "this"] });
  });

  test("an alias is the command itself, and the longer path wins", () => {
    expect(parse("config reload").row.path).toBe("refresh");
    expect(parse("budget").row.path).toBe("budget show");
    expect(parse("budget set tenant:a usd=1").row.path).toBe("budget set");
    expect(parse("env list").row.path).toBe("env ls");
  });

  test("help is asked for by nothing, by a family, and by -h anywhere before --", () => {
    expect(parseCommandLine([], "en")).toEqual({ helpOn: "" });
    expect(parseCommandLine(["--help"], "en")).toEqual({ helpOn: "" });
    expect(parseCommandLine(["config"], "en")).toEqual({ helpOn: "config" });
    expect(parseCommandLine(["config", "set", "-h"], "en")).toEqual({ helpOn: "config set" });
    expect(parse(["run", "--", "x", "-h"]).rest).toEqual(["x", "-h"]);
  });
});

describe("a mistake on the command line", () => {
  test("an unknown command names the nearest one", () => {
    expect(refusal("confg get")).toEqual({
      message: 'no command "confg"',
      hint: 'did you mean "aios config"?',
      exit: 2,
    });
    expect(refusal("frobnicate")).toMatchObject({ hint: '"aios help" lists all commands' });
    expect(refusal("statsu")).toMatchObject({ hint: 'did you mean "aios status"?' });
    expect(refusal("config gte x")).toMatchObject({
      message: 'no command "config gte"',
      hint: 'did you mean "aios config get"?',
    });
  });

  test("a word of other tools names what it is called here, and a short word is not taken for any other", () => {
    expect(refusal("init")).toMatchObject({ hint: 'did you mean "aios up"?' });
    expect(refusal("llm models")).toMatchObject({ hint: 'did you mean "aios llm ls"?' });
    expect(refusal("toString")).toMatchObject({ hint: '"aios help" lists all commands' });
    expect(refusal("wxyt")).toMatchObject({ hint: '"aios help" lists all commands' });
  });

  test("an unknown option names the nearest one", () => {
    expect(refusal("ps --jsn")).toMatchObject({
      message: '"aios ps" has no option --jsn',
      hint: 'did you mean "--json"?',
    });
    expect(refusal("--jsn ps")).toMatchObject({ message: '"aios" has no option --jsn' });
  });

  test("what is missing or too much is named, in the user's language", () => {
    expect(refusal("config set")).toMatchObject({ message: '"aios config set" needs KEY', exit: 2 });
    expect(refusal("config set", "zh").message).toBe("“aios config set”缺少参数 KEY");
    expect(refusal("ps x").message).toBe('"aios ps" takes no further argument');
    expect(refusal("key new --tenant").message).toBe('"--tenant" needs a value');
  });

  test("a value of the wrong kind says what it should be", () => {
    expect(refusal("up --port many").message).toBe('--port is a number, not "many"');
    expect(refusal("up --port 1.5").message).toBe('--port is a whole number, not "1.5"');
    expect(refusal("up --port 70000").message).toBe("--port is 70000, but must be from 0 to 65535");
    expect(refusal("completion tcsh").message).toBe('SHELL is one of bash, zsh, fish, not "tcsh"');
    expect(refusal("ps --lang fr").message).toBe('--lang is one of en, zh, not "fr"');
  });
});
