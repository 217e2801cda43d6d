import type { ChatWrapper, ChatWrapperSettings, LlamaModel, LlamaText, Token } from "node-llama-cpp";
import type { Library } from "./library.ts";

/** How a model marks what it does, as texts: what the library calls a chat wrapper, resolved from the GGUF's own template. */
export interface Template {
  readonly wrapper: ChatWrapper;
  readonly thought: { readonly prefixes: readonly string[]; readonly suffixes: readonly string[] };
  readonly call: {
    /** Any of these in an answer opens a call of a tool; its name comes next. */
    readonly prefixes: readonly string[];
    /** What opens a call that nobody waits for the model to open, and the name after it. */
    readonly opening: LlamaText;
    readonly beforeArguments: (name: string) => LlamaText;
    readonly afterArguments: (name: string) => LlamaText;
    readonly isParallel: boolean;
  };
  /** Where an answer starts when nothing is forced. */
  readonly startsWithThought: boolean;
  /** To be put after the prompt so that it does. */
  readonly thoughtOpening: LlamaText | undefined;
}

export function resolveTemplate(library: Library, model: LlamaModel): Template {
  const wrapper = wrapperOf(library, model);
  const { settings } = wrapper;
  const { LlamaText: Text } = library;
  const { call, parallelism } = settings.functions;
  const section = parallelism?.call;
  const joined = (...parts: (string | LlamaText | undefined)[]): LlamaText =>
    Text(parts.filter((part) => part !== undefined));
  const prefixes = [
    ...[section?.sectionPrefix, ...(section?.sectionPrefixAlternateMatches ?? [])].map((opens) =>
      joined(opens, call.prefix),
    ),
    ...(call.prefixAlternateMatches ?? []).map((opens) => joined(section?.sectionPrefix, opens)),
    // A further call comes without the section's own prefix.
    joined(call.prefix),
  ];
  const named = (text: string | LlamaText, name: string): LlamaText =>
    Text(text).mapValues((value) => (typeof value === "string" ? value.replaceAll("{{functionName}}", name) : value));
  const spell = (text: string | LlamaText): string => plainText(library, model, text);
  const thought = settings.segments?.thought;
  const opensBySettings = thought?.openOnResponseStart === true;
  const prefix = thoughtPrefix(library, settings);
  return {
    wrapper,
    thought: {
      prefixes: prefix === undefined ? [] : nonEmpty([spell(prefix)]),
      suffixes: nonEmpty([thought?.suffix, settings.segments?.closeAllSegments].map((text) => spell(text ?? ""))),
    },
    call: {
      prefixes: nonEmpty(prefixes.map(spell)),
      opening: joined(section?.sectionPrefix, call.prefix),
      beforeArguments: (name) => named(call.paramsPrefix, name),
      afterArguments: (name) => named(call.suffix, name),
      isParallel: parallelism !== undefined,
    },
    startsWithThought: opensBySettings || (thought !== undefined && prefix === undefined),
    thoughtOpening: opensBySettings && prefix !== undefined ? Text(prefix) : undefined,
  };
}

/** The texts of both kinds of value, and of the model's own special tokens. */
export function plainText(library: Library, model: LlamaModel, text: string | LlamaText): string {
  return library
    .LlamaText(text)
    .values.map((value) => {
      if (typeof value === "string") return value;
      if (value instanceof library.SpecialTokensText) return value.value;
      return model.detokenize(value.tokenize(model.tokenizer), true);
    })
    .join("");
}

/** Of the texts that end an answer, those that are one token by themselves, and the others. */
export function stopsOf(
  library: Library,
  model: LlamaModel,
  triggers: readonly LlamaText[],
): { tokens: Set<Token>; texts: string[] } {
  const tokens = new Set<Token>();
  const texts: string[] = [];
  for (const trigger of triggers) {
    const [first, ...rest] = trigger.tokenize(model.tokenizer);
    if (first !== undefined && rest.length === 0 && model.isSpecialToken(first)) tokens.add(first);
    else texts.push(plainText(library, model, trigger));
  }
  return { tokens, texts: nonEmpty(texts) };
}

/**
 * The library's specialised wrappers stand for the GGUF's template where they render the same. Those that steer the
 * start of an answer by rendering again (gpt-oss, Gemma 4) need its own chat loop: for them the template itself is taken.
 */
function wrapperOf(library: Library, model: LlamaModel): ChatWrapper {
  const wrapper = library.resolveChatWrapper(model, { warningLogs: false });
  const { prefixTriggers, functionCall } = wrapper.generateContextState({
    chatHistory: [
      { type: "user", text: "x" },
      { type: "model", response: [] },
    ],
    availableFunctions: { x: {} },
  });
  if (prefixTriggers === undefined && functionCall?.initiallyEngaged !== true) return wrapper;
  return library.resolveChatWrapper(model, { type: "jinjaTemplate", warningLogs: false });
}

/** Undefined where the template itself opens the thought, or there are none. */
function thoughtPrefix({ isLlamaText }: Library, { segments }: ChatWrapperSettings): string | LlamaText | undefined {
  const prefix = segments?.thought?.prefix;
  return typeof prefix === "string" || isLlamaText(prefix) ? prefix : undefined;
}

const nonEmpty = (texts: readonly string[]): string[] => [...new Set(texts)].filter((text) => text !== "");
