import { Buffer } from "node:buffer";

/** The simulated tokenizer: four bytes of UTF-8 are a token. */
export const countTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

/**
 * Cuts a text into its tokens, never through a character: token n ends with the first character at or behind byte 4·n.
 * `offset(n)` is the code-unit offset behind token n.
 */
export function tokenOffsets(text: string): { readonly count: number; readonly offset: (token: number) => number } {
  const bytes = Buffer.byteLength(text);
  const count = Math.ceil(bytes / 4);
  if (bytes === text.length) return { count, offset: (token) => Math.min(token * 4, text.length) };
  const ends: number[] = [];
  let seen = 0;
  let at = 0;
  for (const character of text) {
    at += character.length;
    seen += Buffer.byteLength(character);
    if (seen >= (ends.length + 1) * 4) ends.push(at);
  }
  if (ends.length < count) ends.push(text.length);
  return { count, offset: (token) => (token <= 0 ? 0 : (ends[token - 1] ?? text.length)) };
}
