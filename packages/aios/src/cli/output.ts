import type { CommandContext } from "./context.ts";

type Failure = {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly retryable: boolean;
};

/** Version of the envelope's form. */
const envelopeVersion = 1;

/** stdout and stderr as commands see them: text for people, one envelope, or a line per value. */
export class Output implements Pick<CommandContext, "result" | "item" | "out" | "say"> {
  readonly #form: "text" | "json" | "jsonl";
  readonly #isQuiet: boolean;
  readonly #streams: { stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream };
  #data: unknown;
  #items: unknown[] | undefined;

  constructor(
    form: "text" | "json" | "jsonl",
    isQuiet: boolean,
    streams: { stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream },
  ) {
    this.#form = form;
    this.#isQuiet = isQuiet;
    this.#streams = streams;
  }

  result = (data: unknown, render: () => string): void => {
    if (this.#form === "json") this.#data = data;
    else if (this.#form === "jsonl") this.#line(data);
    else this.#text(render());
  };

  item = (data: unknown, render: () => string): void => {
    if (this.#form === "json") (this.#items ??= []).push(data);
    else if (this.#form === "jsonl") this.#line(data);
    else this.#text(render());
  };

  out = (text: string): void => {
    if (this.#form === "text") this.#streams.stdout.write(text);
  };

  say = (text: string): void => {
    if (!this.#isQuiet) this.#streams.stderr.write(`${text}\n`);
  };

  /** Closes the envelope. A command that ends without a failure but not with 0 (`doctor`) is not `ok` either. */
  end(exit: number): void {
    if (this.#form === "json") this.#envelope(exit === 0, null);
  }

  /** The failure as the last word on stdout; nothing for people, who read it on stderr. */
  fail(failure: Failure): void {
    if (this.#form !== "text") this.#envelope(false, failure);
  }

  #envelope(ok: boolean, error: Failure | null): void {
    this.#line({ ok, data: this.#data ?? this.#items ?? null, error, meta: { v: envelopeVersion } });
  }

  #text(text: string): void {
    if (text !== "") this.#streams.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  #line(value: unknown): void {
    this.#streams.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
