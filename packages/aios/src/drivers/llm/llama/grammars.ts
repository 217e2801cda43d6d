import { SysError } from "@aiosjs/sdk/protocol";
import type { GbnfJsonSchema, LlamaGrammar, LlamaGrammarEvaluationState, Token } from "node-llama-cpp";
import type { Engine } from "./engine.ts";
import { acceptToken } from "./library.ts";

/** Parsed grammars are kept: agents send the same tools with every call. */
const kept = 128;

/** Grammars of one engine, and where in them an answer stands. */
export interface Grammars {
  ofSchema(schema: GbnfJsonSchema): Promise<LlamaGrammar>;
  /** One of the texts, nothing else. */
  ofWords(words: readonly string[]): Promise<LlamaGrammar>;
  /** @throws SysError EINVAL for what is no GBNF. */
  ofText(gbnf: string, core: string): Promise<LlamaGrammar>;
  begin(grammar: LlamaGrammar): LlamaGrammarEvaluationState;
  /** For tokens that were sampled before; the library itself accepts those that it samples. */
  accept(state: LlamaGrammarEvaluationState, token: Token): void;
}

export function createGrammars({ library, llama, model }: Engine): Grammars {
  const made = new Map<string, Promise<LlamaGrammar>>();
  const remember = (key: string, make: () => Promise<LlamaGrammar>): Promise<LlamaGrammar> => {
    const grammar = made.get(key) ?? make();
    made.delete(key);
    made.set(key, grammar);
    const [oldest] = made.keys();
    if (made.size > kept && oldest !== undefined) made.delete(oldest);
    return grammar;
  };
  return {
    ofSchema: (schema) =>
      remember(`schema ${JSON.stringify(schema)}`, () =>
        llama.createGrammarForJsonSchema(schema as { type: "object" }),
      ),
    ofWords: (words) => {
      const grammar = `root ::= ${words.map((word) => JSON.stringify(word)).join(" | ")}`;
      return remember(grammar, () => llama.createGrammar({ grammar }));
    },
    async ofText(grammar, core) {
      try {
        return await remember(`text ${grammar}`, () => llama.createGrammar({ grammar }));
      } catch (cause) {
        made.delete(`text ${grammar}`);
        throw new SysError("EINVAL", `core ${core}: the grammar is no GBNF that llama.cpp reads`, {
          cause,
          hint: 'a grammar begins with a rule root ::= …, as in root ::= "yes" | "no"',
        });
      }
    },
    begin: (grammar) => new library.LlamaGrammarEvaluationState({ model, grammar }),
    accept: (state, token) => acceptToken(llama, state, token),
  };
}
