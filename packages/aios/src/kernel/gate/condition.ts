import { confidentialityLevels, toolAccessSchema, trustLevels } from "@aiosjs/sdk/protocol";
import type { Labels, ToolAccess } from "@aiosjs/sdk/protocol";
import { valuesAt } from "./argument-values.ts";
import type { Label } from "./label.ts";
import { matchesName } from "./name-pattern.ts";
import { fold } from "./spoken.ts";

/** What a condition asks about. */
export interface Asked {
  /** Who asks, and all above. */
  readonly agents: readonly string[];
  readonly name: string;
  readonly args: unknown;
  readonly context: Label;
  readonly effects: readonly ToolAccess["effect"][];
}

/**
 * There is no negation: the less trusted and the more confidential what was seen is, the more conditions hold, never fewer.
 */
export type Condition = (asked: Asked) => boolean;

/** Why a text is no condition. */
export interface ConditionFault {
  /** From 0. */
  readonly at: number;
  readonly message: string;
  /** What stands there, and what could, where a slip can be told. */
  readonly word: string;
  readonly known: readonly string[];
}

const effects = toolAccessSchema.shape.effect.options;
const subjects = [
  ...[...trustLevels, ...confidentialityLevels].map((level) => `context.${level}`),
  "call.effect",
  "call.name",
  "agent",
  "args.NAME",
];

/** Parses `context.private && (call.effect in [sink, write] || args.to == "all@example.org")`. */
export function parseCondition(text: string): { readonly condition: Condition } | { readonly fault: ConditionFault } {
  const words = wordsOf(text);
  try {
    const reader = new Reader(words, text.length);
    const condition = reader.anyOf();
    reader.end();
    return { condition };
  } catch (cause) {
    if (cause instanceof Refused) return { fault: cause.fault };
    throw cause;
  }
}

interface Word {
  readonly text: string;
  readonly at: number;
  /** Set for what stood in quotes. */
  readonly literal?: string;
}

const wordForm = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(&&|\|\||==|[()[\],])|([^\s"'()[\],&|=]+)|(\S))/gy;

function wordsOf(text: string): Word[] {
  return [...text.matchAll(wordForm)].map((match) => {
    const [all, double, single, sign, plain, other] = match;
    const literal = double === undefined ? single : double.replace(/\\(.)/g, "$1");
    const said = sign ?? plain ?? other ?? all.trim();
    const at = match.index + all.length - all.trimStart().length;
    return literal === undefined ? { text: said, at } : { text: said, at, literal };
  });
}

class Refused extends Error {
  readonly fault: ConditionFault;
  constructor(fault: ConditionFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** One level of the grammar a method: the text has at most 500 characters, so that no nesting is deep. */
class Reader {
  readonly #words: readonly Word[];
  readonly #length: number;
  #next = 0;

  constructor(words: readonly Word[], length: number) {
    this.#words = words;
    this.#length = length;
  }

  anyOf(): Condition {
    const parts = [this.#allOf()];
    while (this.#takes("||")) parts.push(this.#allOf());
    return parts.length === 1 ? parts[0]! : (asked) => parts.some((part) => part(asked));
  }

  end(): void {
    if (this.#next < this.#words.length) this.#refuse("expected && or ||", ["&&", "||"]);
  }

  #allOf(): Condition {
    const parts = [this.#one()];
    while (this.#takes("&&")) parts.push(this.#one());
    return parts.length === 1 ? parts[0]! : (asked) => parts.every((part) => part(asked));
  }

  #one(): Condition {
    if (this.#takes("(")) {
      const inner = this.anyOf();
      if (!this.#takes(")")) this.#refuse("expected )", [")"]);
      return inner;
    }
    const word = this.#words[this.#next];
    const subject = word?.literal === undefined ? (word?.text ?? "") : "";
    if (subject.startsWith("context.")) return this.#context(subject.slice("context.".length));
    if (subject === "call.effect") {
      this.#next++;
      const wanted = this.#values(effects);
      return (asked) => asked.effects.some((effect) => wanted.includes(effect));
    }
    if (subject === "call.name") {
      this.#next++;
      const wanted = this.#values();
      return ({ name }) => wanted.some((pattern) => matchesName(pattern, name));
    }
    if (subject === "agent") {
      this.#next++;
      const wanted = this.#values();
      return ({ agents }) => agents.some((agent) => wanted.some((pattern) => matchesName(pattern, agent)));
    }
    if (/^args\.[^.]+(\.[^.]+)*$/.test(subject)) {
      this.#next++;
      const path = subject.slice("args.".length).split(".");
      const wanted = new Set(this.#values().map(fold));
      return ({ args }) => {
        const { values, isWhole } = valuesAt(args, path);
        // What cannot be looked through could hold it.
        return !isWhole || values.some(({ text }) => wanted.has(fold(text)));
      };
    }
    return this.#refuse(
      subject.startsWith("!")
        ? "there is no negation: a condition names what is forbidden"
        : "no such thing to ask about",
      subjects,
    );
  }

  #context(level: string): Condition {
    const trust = trustLevels.indexOf(level as Labels["trust"]);
    const confidentiality = confidentialityLevels.indexOf(level as Labels["confidentiality"]);
    if (trust < 0 && confidentiality < 0) this.#refuse("no such level", subjects);
    this.#next++;
    return trust >= 0
      ? ({ context }) => trustLevels.indexOf(context.trust) >= trust
      : ({ context }) => confidentialityLevels.indexOf(context.confidentiality) >= confidentiality;
  }

  /** `== value` or `in [value, …]`. */
  #values(known?: readonly string[]): string[] {
    if (this.#takes("==")) return [this.#value(known)];
    if (!this.#takes("in")) this.#refuse("expected == or in", ["==", "in"]);
    if (!this.#takes("[")) this.#refuse("expected [", ["["]);
    const values = [this.#value(known)];
    while (this.#takes(",")) values.push(this.#value(known));
    if (!this.#takes("]")) this.#refuse("expected , or ]", [",", "]"]);
    return values;
  }

  #value(known?: readonly string[]): string {
    const word = this.#words[this.#next];
    const value = word?.literal ?? word?.text;
    if (value === undefined || (word?.literal === undefined && /^[()[\],&|="']/.test(value)))
      this.#refuse("expected a value", known ?? []);
    if (known && !known.includes(value)) this.#refuse("no such value", known);
    this.#next++;
    return value;
  }

  #takes(sign: string): boolean {
    const word = this.#words[this.#next];
    if (word?.text !== sign || word.literal !== undefined) return false;
    this.#next++;
    return true;
  }

  #refuse(why: string, known: readonly string[]): never {
    const word = this.#words[this.#next];
    const said = word === undefined ? "the end" : JSON.stringify(word.literal ?? word.text);
    throw new Refused({
      at: word?.at ?? this.#length,
      message: `${why}, at ${said}`,
      word: word?.literal ?? word?.text ?? "",
      known,
    });
  }
}
