import type { LlamaModel, Token } from "node-llama-cpp";

/** Turns tokens into text as they come. */
export interface Pieces {
  /** What this token adds; empty while a character is incomplete. */
  push(token: Token): string;
}

/** Of the tokens before, as many as a tokenizer looks at to know whether a space comes before a word. */
const lookBack = 4;
/** A character has at most four bytes, and a token at least one. */
const longestCharacter = 4;

/** Control tokens are text only where they are part of one of the `marks`. */
export function createPieces(model: LlamaModel, marks: readonly string[]): Pieces {
  let before: Token[] = [];
  let open: Token[] = [];
  return {
    push(token) {
      const isControl = model.isSpecialToken(token);
      if (isControl) {
        const text = model.detokenize([token], true);
        if (text === "" || !marks.some((mark) => mark.includes(text))) return "";
      }
      open.push(token);
      const text = model.detokenize(open, true, before);
      if (text.endsWith("\uFFFD") && open.length < longestCharacter) return "";
      before = [...before, ...open].slice(-lookBack);
      open = [];
      return text;
    },
  };
}
