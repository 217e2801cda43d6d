/** Finds where the first JSON object or array of a text that comes in pieces ends. */
export interface JsonEnd {
  /** Characters of `piece` that belong to it, when it ends there; undefined while it goes on. */
  push(piece: string): number | undefined;
}

export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  return {
    push(piece) {
      for (let at = 0; at < piece.length; at++) {
        const character = piece[at];
        if (isEscaped) isEscaped = false;
        else if (isInString) {
          if (character === "\\") isEscaped = true;
          else if (character === '"') isInString = false;
        } else if (character === '"') isInString = true;
        else if (character === "{" || character === "[") depth++;
        else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
      }
      return undefined;
    },
  };
}
