import type { Found } from "./extracted.ts";
import type { Language } from "./languages.ts";
import { outlineLines } from "./read-lines.ts";

/** A section for each definition, with the comment above it; what stands further in is inside of what stands further out. */
export function readCode(text: string, language: Language, maxChars: number): Found {
  let above = 0;
  const { sections, isCut } = outlineLines(text, maxChars, ({ text: line }) => {
    const isAbove = language.above.test(line);
    const before = above;
    above = isAbove ? above + 1 : 0;
    if (isAbove) return undefined;
    for (const definition of language.definitions) {
      const name = definition.exec(line)?.[1];
      if (name !== undefined) return { name, level: indentOf(line) + 1, before };
    }
    return undefined;
  });
  return { kind: "code", unit: "line", language: language.name, sections, isCut };
}

const indentOf = (line: string): number => {
  const [indent = ""] = /^\s*/.exec(line) ?? [];
  return indent.replaceAll("\t", "    ").length;
};
