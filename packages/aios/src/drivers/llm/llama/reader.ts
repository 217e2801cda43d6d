import type { AssistantMessage, ChatResult, DeltaEvent, ToolCall } from "@aiosjs/sdk/protocol";
import type { LlamaGrammar, LlamaGrammarEvaluationState, LlamaText, Token } from "node-llama-cpp";
import type { Grammars } from "./grammars.ts";
import { createJsonEnd } from "./json-end.ts";
import type { JsonEnd } from "./json-end.ts";
import { createPieces } from "./pieces.ts";
import type { Pieces } from "./pieces.ts";
import type { Plan } from "./prompt.ts";
import { plainText } from "./template.ts";
import type { Template } from "./template.ts";
import type { Engine } from "./engine.ts";

export interface ReaderOptions {
  readonly engine: Engine;
  readonly template: Template;
  readonly grammars: Grammars;
  readonly plan: Plan;
  /** Begins the ids of tool calls. */
  readonly idPrefix: string;
}

type Mode =
  | { readonly is: "text" | "thought" }
  /** A call's prefix was read, the name is being written; `words` are what the grammar still allows. */
  | { readonly is: "name"; readonly grammar: LlamaGrammar; text: string }
  | { readonly is: "arguments"; readonly call: ToolCall; readonly end: JsonEnd }
  /** A call is complete and another may follow. */
  | { readonly is: "between" }
  | { readonly is: "over"; readonly reason: ChatResult["finishReason"] };

/**
 * Makes text, thoughts and tool calls of an answer's tokens. All of its state is a function of the plan and of the tokens
 * so far: an answer that goes on elsewhere is read again from its first token.
 */
export class Reader {
  /** Tokens of the answer that were thoughts. */
  reasoningTokens = 0;

  readonly #options: ReaderOptions;
  readonly #pieces: Pieces;
  readonly #terminator: string;
  #mode: Mode = { is: "text" };
  /** Where the grammar stands that the next token has to obey. */
  #state: LlamaGrammarEvaluationState | undefined;
  /** Text that might yet become a mark or a stop. */
  #held = "";
  #formEnd: JsonEnd | undefined;
  /** Characters of the text that `#formEnd` has seen. */
  #formSeen = 0;
  #text = "";
  #reasoning = "";
  readonly #calls: ToolCall[] = [];
  #deltas: DeltaEvent[] = [];

  private constructor(options: ReaderOptions) {
    const { engine, template, plan } = options;
    this.#options = options;
    this.#pieces = createPieces(engine.model, [
      ...template.thought.prefixes,
      ...template.thought.suffixes,
      ...template.call.prefixes,
      ...plan.stopTexts,
    ]);
    // What follows a name ends it: "get" is else no different from the beginning of "get_all".
    this.#terminator = plainText(engine.library, engine.model, template.call.beforeArguments("x")).charAt(0) || "\n";
  }

  /** Ready to read the first token. */
  static async start(options: ReaderOptions): Promise<Reader> {
    const reader = new Reader(options);
    const { start } = options.plan;
    if (start === "name") await reader.#beginName("");
    else if (typeof start === "object") reader.#beginArguments(start.argumentsOf);
    else if (start === "thought") reader.#mode = { is: "thought" };
    else reader.#beginText();
    return reader;
  }

  /** For the sampler; undefined where any token may come. */
  get grammar(): LlamaGrammarEvaluationState | undefined {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#mode.is === "over";
  }

  /** Takes one token; returns tokens that have to follow it without being sampled. */
  async take(token: Token): Promise<readonly Token[]> {
    if (this.#mode.is === "thought") this.reasoningTokens++;
    const { engine, plan } = this.#options;
    if (engine.model.isEogToken(token) || plan.stopTokens.has(token)) {
      this.#end(this.#calls.length > 0 ? "tool-calls" : "stop");
      return [];
    }
    return await this.#read(this.#pieces.push(token));
  }

  /** The same for a token that was sampled before: the grammar has not seen it. */
  async takeAgain(token: Token): Promise<readonly Token[]> {
    const { engine, grammars } = this.#options;
    if (this.#state && !engine.model.isEogToken(token)) grammars.accept(this.#state, token);
    return await this.take(token);
  }

  /** There is no room for more. */
  cut(): void {
    if (this.#mode.is !== "over") this.#end("length");
  }

  /** What came since the last time. */
  deltas(): DeltaEvent[] {
    const deltas = this.#deltas;
    this.#deltas = [];
    return deltas;
  }

  message(): AssistantMessage {
    return {
      role: "assistant",
      content: this.#text === "" && this.#calls.length > 0 ? null : this.#text,
      ...(this.#reasoning === "" ? {} : { reasoning: this.#reasoning }),
      ...(this.#calls.length === 0 ? {} : { toolCalls: this.#calls }),
    };
  }

  get finishReason(): ChatResult["finishReason"] {
    return this.#mode.is === "over" ? this.#mode.reason : "other";
  }

  async #read(piece: string): Promise<readonly Token[]> {
    const mode = this.#mode;
    switch (mode.is) {
      case "text":
      case "thought":
      case "between":
        this.#held += piece;
        return await this.#readHeld();
      case "name":
        mode.text += piece;
        return this.#readName(mode.text);
      case "arguments":
        return this.#readArguments(mode, piece);
      case "over":
        return [];
    }
  }

  async #readHeld(): Promise<readonly Token[]> {
    const { template, plan } = this.#options;
    const mode = this.#mode.is;
    const stops =
      mode === "thought" ? plan.stopTexts.filter((text) => !template.thought.suffixes.includes(text)) : plan.stopTexts;
    const calls = plan.tools.size > 0 ? template.call.prefixes : [];
    const opens = mode === "text" && !plan.form ? template.thought.prefixes : [];
    const closes = mode === "thought" ? template.thought.suffixes : [];
    const found = firstOf(this.#held, [...stops, ...calls, ...opens, ...closes]);
    if (!found) {
      const whole = mode === "between" ? this.#held.trimStart() : this.#held;
      const open = openEnd(whole, [...stops, ...calls, ...opens, ...closes]);
      // After a call only another call may come; anything else ends the answer.
      if (mode === "between" && whole.length > open) this.#end("tool-calls");
      else if (mode !== "between") this.#tell(this.#held.slice(0, this.#held.length - open));
      this.#held = whole.slice(whole.length - open);
      return this.#formIsComplete() ? this.#end("stop") : [];
    }
    const before = this.#held.slice(0, found.at);
    const after = this.#held.slice(found.at + found.mark.length);
    if (mode === "between" && before.trim() !== "") return this.#end("tool-calls");
    if (mode !== "between") this.#tell(before);
    this.#held = "";
    if (calls.includes(found.mark)) return await this.#beginName(after, found.mark);
    if (stops.includes(found.mark)) return this.#end("stop");
    if (opens.includes(found.mark)) this.#mode = { is: "thought" };
    else this.#beginText();
    this.#held = after;
    return after === "" ? [] : await this.#readHeld();
  }

  #beginText(): void {
    const { plan, grammars } = this.#options;
    this.#mode = { is: "text" };
    if (!plan.form) return;
    this.#state = grammars.begin(plan.form.grammar);
    if (plan.form.isJson) this.#formEnd = createJsonEnd();
  }

  /** `read` is what of the name came in the same token as the prefix; `mark` the prefix, to be told if it was none. */
  async #beginName(read: string, mark = ""): Promise<readonly Token[]> {
    const { plan, grammars } = this.#options;
    const words = [...plan.tools.keys()].map((name) => name + this.#terminator);
    const begun = read.trimStart();
    const rest = words.filter((word) => word.startsWith(begun)).map((word) => word.slice(begun.length));
    const isNamed = rest.includes("");
    if (rest.length === 0) {
      this.#mode = { is: "text" };
      this.#tell(mark + read);
      return [];
    }
    const grammar = await grammars.ofWords(rest);
    this.#mode = { is: "name", grammar, text: begun };
    this.#state = isNamed ? undefined : grammars.begin(grammar);
    return isNamed ? this.#readName(begun) : [];
  }

  #readName(text: string): readonly Token[] {
    const { plan, template, engine } = this.#options;
    const name = text.slice(0, -this.#terminator.length);
    if (!text.endsWith(this.#terminator) || !plan.tools.has(name)) return [];
    this.#beginArguments(name);
    return this.#tokens(template.call.beforeArguments(name), (whole) =>
      whole.startsWith(this.#terminator) ? whole.slice(this.#terminator.length) : whole,
    ).filter((token) => !engine.model.isEogToken(token));
  }

  #beginArguments(name: string): void {
    const { plan, grammars, idPrefix } = this.#options;
    const call: ToolCall = { id: `${idPrefix}-${this.#calls.length}`, name, arguments: "" };
    const grammar = plan.tools.get(name);
    this.#state = grammar && grammars.begin(grammar);
    this.#mode = { is: "arguments", call, end: createJsonEnd() };
    this.#deltas.push({ type: "tool-call.delta", index: this.#calls.length, id: call.id, name, arguments: "" });
    this.#calls.push(call);
  }

  #readArguments({ call, end }: Extract<Mode, { is: "arguments" }>, piece: string): readonly Token[] {
    const { plan, template } = this.#options;
    // Space before the first bracket belongs to nobody.
    const text = call.arguments === "" ? piece.trimStart() : piece;
    const size = end.push(text);
    const said = text.slice(0, size);
    call.arguments += said;
    if (said !== "") this.#deltas.push({ type: "tool-call.delta", index: this.#calls.length - 1, arguments: said });
    if (size === undefined) return [];
    if (!plan.isParallel) return this.#end("tool-calls");
    this.#state = undefined;
    this.#mode = { is: "between" };
    return this.#tokens(template.call.afterArguments(call.name));
  }

  /** Tokens of a template's text, the first part of which may have been written already. */
  #tokens(text: LlamaText, withoutWritten: (whole: string) => string = (whole) => whole): Token[] {
    const { library, model } = this.#options.engine;
    const [first, ...rest] = text.values;
    if (first === undefined) return [];
    const left =
      typeof first === "string"
        ? withoutWritten(first)
        : first instanceof library.SpecialTokensText
          ? new library.SpecialTokensText(withoutWritten(first.value))
          : first;
    const tokens = library.LlamaText(left, ...rest).tokenize(model.tokenizer, "trimLeadingSpace");
    for (const token of tokens) this.#pieces.push(token);
    return tokens;
  }

  #tell(said: string): void {
    // Templates end in a marker after which many models begin with a space.
    const text =
      this.#mode.is === "text" && this.#text === "" && !this.#options.plan.form ? said.replace(/^[ \t]+/, "") : said;
    if (text === "") return;
    const type = this.#mode.is === "thought" ? "reasoning.delta" : "text.delta";
    if (type === "text.delta") this.#text += text;
    else this.#reasoning += text;
    const last = this.#deltas.at(-1);
    if (last?.type === type) last.text += text;
    else this.#deltas.push({ type, text });
  }

  #formIsComplete(): boolean {
    if (this.#mode.is !== "text" || !this.#formEnd) return false;
    const size = this.#formEnd.push(this.#text.slice(this.#formSeen));
    this.#formSeen = this.#text.length;
    return size !== undefined;
  }

  #end(reason: ChatResult["finishReason"]): readonly Token[] {
    const isWhole = this.#mode.is === "text" || this.#mode.is === "thought";
    if (isWhole && this.#held !== "") this.#tell(this.#held);
    this.#held = "";
    this.#state = undefined;
    this.#mode = { is: "over", reason };
    return [];
  }
}

/** The mark that begins first; of several there, the longest. */
function firstOf(text: string, marks: readonly string[]): { at: number; mark: string } | undefined {
  let found: { at: number; mark: string } | undefined;
  for (const mark of marks) {
    const at = text.indexOf(mark);
    if (at < 0) continue;
    if (!found || at < found.at || (at === found.at && mark.length > found.mark.length)) found = { at, mark };
  }
  return found;
}

/** How many characters at the end might be the beginning of a mark. */
function openEnd(text: string, marks: readonly string[]): number {
  const longest = Math.max(0, ...marks.map((mark) => mark.length - 1));
  for (let size = Math.min(longest, text.length); size > 0; size--) {
    const end = text.slice(-size);
    if (marks.some((mark) => mark.length > size && mark.startsWith(end))) return size;
  }
  return 0;
}
