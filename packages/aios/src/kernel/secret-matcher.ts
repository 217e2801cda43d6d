import { secretForms } from "./secret-forms.ts";
import type { KnownSecret, TextRedactor } from "./secret-port.ts";
import { TextMatcher } from "./text-matcher.ts";

/** Finds known secrets, in each form that gives them away, in texts and in values made of texts. */
export class SecretMatcher {
  readonly #texts: readonly string[];
  readonly #names: readonly string[];
  readonly #matcher: TextMatcher;
  /** By their first character, for the beginnings of forms. */
  readonly #byFirst = new Map<string, string[]>();
  readonly #longest: number;

  constructor(secrets: readonly KnownSecret[]) {
    const forms = secrets.flatMap(({ name, value }) => secretForms(value).map((text) => ({ name, text })));
    this.#texts = forms.map(({ text }) => text);
    this.#names = forms.map(({ name }) => name);
    this.#matcher = new TextMatcher(this.#texts);
    this.#longest = Math.max(0, ...this.#texts.map(({ length }) => length));
    for (const text of this.#texts) {
      const same = this.#byFirst.get(text[0]!);
      if (same) same.push(text);
      else this.#byFirst.set(text[0]!, [text]);
    }
  }

  /** The name of the first secret that stands in a text. */
  nameIn(text: string): string | undefined {
    const found = this.#matcher.find(text);
    return found && this.#names[found.index];
  }

  /** The text with the name of each secret in its place; itself where there is none. */
  redact(text: string): string {
    return this.#redactTo(text, text.length).done;
  }

  /** A redactor of a text that comes in pieces. */
  redactor(): TextRedactor {
    let held = "";
    return {
      push: (text) => {
        const { done, rest } = this.#redactTo(held + text, undefined);
        held = rest;
        return done;
      },
      rest: () => {
        const last = this.redact(held);
        held = "";
        return last;
      },
    };
  }

  /** What begins before `until` is replaced; default: before what may be the beginning of a secret that is still to come. */
  #redactTo(text: string, until: number | undefined): { done: string; rest: string } {
    const hold = until ?? this.#beginningAt(text);
    let done = "";
    let at = 0;
    for (let found = this.#matcher.find(text); found && found.at < hold; found = this.#matcher.find(text, at)) {
      done += text.slice(at, found.at) + this.#names[found.index]!;
      at = found.end;
    }
    const end = Math.max(at, hold);
    return { done: at === 0 && end === text.length ? text : done + text.slice(at, end), rest: text.slice(end) };
  }

  /** Where an end begins that could go on to be a secret; the text's end where there is none. */
  #beginningAt(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at++) {
      const end = text.slice(at);
      const isBeginning = (form: string): boolean => form.length > end.length && form.startsWith(end);
      if (this.#byFirst.get(end[0]!)?.some(isBeginning)) return at;
    }
    return text.length;
  }
}
