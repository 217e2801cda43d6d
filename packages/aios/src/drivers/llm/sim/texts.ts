import { isMostlyHan } from "./lexicon.ts";
import {
  arithmeticIn,
  emailsIn,
  jsonIn,
  keywordsIn,
  numbersIn,
  pathsIn,
  queriesIn,
  quotedIn,
  urlsIn,
} from "./literals.ts";
import type { Literal } from "./literals.ts";
import { textMatching } from "./pattern.ts";
import { textHash } from "./prng.ts";
import type { Draws } from "./prng.ts";
import { prose } from "./prose.ts";

export interface ToolResult {
  readonly name: string;
  readonly content: string;
  readonly isError: boolean;
}

/** What values are made of. */
export interface Situation {
  /** Arguments of a tool call, or an answer that must have a form. */
  readonly purpose: "arguments" | "answer";
  readonly task: string;
  /** Where the task mentions the tool. */
  readonly at: number;
  /** The tool's name and description. */
  readonly about: string;
  readonly results: readonly ToolResult[];
  readonly draws: Draws;
  /** The next number of the task that fits. */
  nextNumber(fits: (value: number) => boolean): number | undefined;
  hasValueFor(name: string, schema: Readonly<Record<string, unknown>>): boolean;
}

export function createSituation(options: Omit<Situation, "nextNumber" | "hasValueFor">): Situation {
  const numbers = numbersIn(options.task);
  const situation: Situation = {
    ...options,
    nextNumber: (fits) => {
      const index = numbers.findIndex(fits);
      return index < 0 ? undefined : numbers.splice(index, 1)[0];
    },
    hasValueFor: (name, schema) => literalFor(name, schema, situation) !== undefined,
  };
  return situation;
}

type Schema = Readonly<Record<string, unknown>>;

/** A text for a member of this name: a literal of the task where there is one, else something of the right form. */
export function textFor(schema: Schema, name: string, situation: Situation): string {
  const { draws } = situation;
  const text =
    formatted(schema["format"], situation) ??
    literalFor(name, schema, situation) ??
    (typeof schema["default"] === "string" ? schema["default"] : undefined) ??
    usual(name, situation);
  const sized = withLength(text, schema);
  const { pattern } = schema as { pattern?: unknown };
  if (typeof pattern !== "string" || accepts(pattern, sized)) return sized;
  const candidates = [...keywordsIn(situation.task, 20), "a", "A", "0", "1", "abc", "2026-01-01", "aios-1"];
  return candidates.find((candidate) => accepts(pattern, candidate)) ?? textMatching(pattern, draws) ?? sized;
}

type Kind = "expression" | "path" | "query" | "url" | "email" | "json" | "code" | "content" | "place" | "date" | "zone";

const kinds: readonly (readonly [Kind, RegExp])[] = [
  ["expression", /^(?:expression|expr|formula|equation|sum)$/],
  ["path", /^(?:path|file|file_?name|file_?path|filepath|src|source|dest|destination|target|to|from)$/],
  ["query", /^(?:query|q|jsonata|search|search_?term|search_?query|keywords?|term)$/],
  ["url", /(?:^|_)(?:url|uri|link|href|endpoint)$/],
  ["email", /(?:^|_)(?:e?mail|recipient)$/],
  ["json", /^(?:json|document|payload|input|object)$/],
  ["code", /^(?:code|script|command|cmd|shell|sql)$/],
  [
    "content",
    /^(?:content|contents|text|body|message|markdown|notes?|report|summary|answer|description|comment|reasoning|explanation)$/,
  ],
  ["place", /^(?:city|location|place|country|destination_city|origin)$/],
  ["date", /^(?:date|day|datetime|start_?date|end_?date|deadline)$/],
  ["zone", /^(?:tz|time_?zone|zone)$/],
];

const kindOf = (name: string): Kind | undefined => kinds.find(([, pattern]) => pattern.test(name.toLowerCase()))?.[0];

/** What the task itself says for a member of this name. */
function literalFor(name: string, schema: Schema, situation: Situation): string | undefined {
  if (schema["type"] !== undefined && schema["type"] !== "string") return undefined;
  const { task, at } = situation;
  switch (kindOf(name)) {
    case "expression":
      return isAboutJson(situation) ? firstQuery(task) : nearest(arithmeticIn(task), at);
    case "path":
      // From where to where: files for most tools, days for one about dates.
      return /^(?:to|from)$/i.test(name) && /\bdates?\b/i.test(situation.about)
        ? [...task.matchAll(/\d{4}-\d{2}-\d{2}/g)].at(-1)?.[0]
        : nearest(pathsIn(task), at);
    case "query":
      return isAboutJson(situation) ? firstQuery(task) : undefined;
    case "url":
      return nearest(urlsIn(task), at);
    case "email":
      return nearest(emailsIn(task), at);
    case "json":
      return jsonIn(task)[0]?.text ?? lastJson(situation);
    case "code":
      return nearest(quotedIn(task), at);
    case "place":
      return /\b(?:in|at|to|for|of)\s+(\p{Lu}[\p{L}-]+(?:\s\p{Lu}[\p{L}-]+)?)/u.exec(task)?.[1];
    case "date":
      return /\d{4}-\d{2}-\d{2}/.exec(task)?.[0];
    case "zone":
      return /\b(?:UTC|GMT|[A-Z][a-z]+\/[A-Z][a-z]+(?:_[A-Z][a-z]+)?)\b/.exec(task)?.[0];
    case "content":
    case undefined:
      return undefined;
  }
}

/** Something of the right kind where the task says nothing. */
function usual(name: string, situation: Situation): string {
  const { task, draws } = situation;
  switch (kindOf(name)) {
    case "expression":
      return isAboutJson(situation) ? "$" : sumOf(task, draws);
    case "path":
      return `notes/${textHash(task).slice(0, 8)}.md`;
    case "query":
      return isAboutJson(situation) ? "$" : keywordsIn(task, 5).join(" ") || "news";
    case "url":
      return "https://example.com/";
    case "email":
      return "someone@example.com";
    case "json":
      return JSON.stringify({ task: keywordsIn(task, 5) });
    case "code":
      return "true";
    case "content":
      return contentOf(situation);
    case "place":
      return "Paris";
    case "date":
      return "2026-01-01";
    case "zone":
      return "UTC";
    case undefined:
      return situation.purpose === "answer" && situation.results.length > 0
        ? shortened(situation.results.at(-1)!.content, 120)
        : keywordsIn(task, 40).slice(draws.below(4), 7).slice(0, 3).join(" ") || name || "text";
  }
}

/** What there is to write down: the results so far, or else sentences about the task. */
function contentOf({ task, results, draws, purpose }: Situation): string {
  const title = shortened(task.trimStart().split("\n")[0] ?? "", 80);
  if (purpose === "answer") {
    const found = results.map((result) => `${result.name}: ${shortened(result.content, 120)}`).join("; ");
    return `(simulated) ${found === "" ? prose(task, draws, 15) : found}`;
  }
  const heading = isMostlyHan(task) ? "结果" : "Results";
  if (results.length === 0) return `# ${title}\n\n(simulated) ${prose(task, draws, 30)}\n`;
  return `# ${title}\n\n${heading}:\n\n${results.map((result) => `- ${result.name}: ${shortened(result.content, 400)}`).join("\n")}\n`;
}

export const shortened = (text: string, length: number): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  // By code points, so that no character is cut in two.
  return line.length <= length
    ? line
    : `${Array.from(line)
        .slice(0, length - 1)
        .join("")}…`;
};

/** "Calculate the total of 3, 5 and 8": where no sum is written, its numbers make one. */
function sumOf(task: string, draws: Draws): string {
  const numbers = numbersIn(task);
  return numbers.length >= 2 ? numbers.join(" + ") : `${numbers[0] ?? 2 + draws.below(98)} * ${2 + draws.below(98)}`;
}

const isAboutJson = ({ about }: Situation) => /json/i.test(about);

function firstQuery(task: string): string | undefined {
  return queriesIn(withoutJson(task))[0]?.text ?? quotedIn(task).find(({ text }) => /[$.[]/.test(text))?.text;
}

const withoutJson = (task: string) => {
  const [json] = jsonIn(task);
  return json === undefined ? task : task.replace(json.text, " ");
};

function lastJson({ results }: Situation): string | undefined {
  return results.toReversed().flatMap(({ content }) => jsonIn(content))[0]?.text;
}

/** The first literal behind the mention of the tool, else the last one before it. */
const nearest = (literals: readonly Literal[], at: number): string | undefined =>
  (literals.find((literal) => literal.at >= at) ?? literals.at(-1))?.text;

function formatted(format: unknown, { task, draws, at }: Situation): string | undefined {
  switch (format) {
    case "date-time":
      return "2026-01-01T00:00:00Z";
    case "date":
      return /\d{4}-\d{2}-\d{2}/.exec(task)?.[0] ?? "2026-01-01";
    case "time":
      return "12:00:00Z";
    case "duration":
      return "PT1H";
    case "email":
      return nearest(emailsIn(task), at) ?? "someone@example.com";
    case "uri":
    case "url":
    case "uri-reference":
      return nearest(urlsIn(task), at) ?? "https://example.com/";
    case "hostname":
      return "example.com";
    case "ipv4":
      return "192.0.2.1";
    case "ipv6":
      return "2001:db8::1";
    case "uuid":
      return textMatching("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}", draws);
    default:
      return undefined;
  }
}

function withLength(text: string, schema: Schema): string {
  const { minLength = 0, maxLength = Infinity } = schema as { minLength?: number; maxLength?: number };
  const characters = Array.from(text);
  if (characters.length > maxLength) return characters.slice(0, maxLength).join("");
  return characters.length < minLength ? text.padEnd(text.length + minLength - characters.length, "x") : text;
}

function accepts(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    // A pattern that this engine cannot read binds nobody.
    return true;
  }
}
