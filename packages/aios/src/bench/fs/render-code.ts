import type { Random } from "../../kernel/ports.ts";
import type { CorpusFile, Format } from "./corpus-file.ts";
import type { Content } from "./render.ts";

interface Syntax {
  readonly comment: string;
  readonly head: string;
  readonly open: (name: string) => string;
  readonly call: (name: string, value: number) => string;
  readonly close: string;
}

const syntaxes: Readonly<Partial<Record<Format, Syntax>>> = {
  ts: {
    comment: "//",
    head: "",
    open: (name) => `export function ${name}(values: readonly number[]): number {\n  let sum = values.length;`,
    call: (name, value) => `  sum += ${name}([sum, ${value}]);`,
    close: "  return sum;\n}",
  },
  py: {
    comment: "#",
    head: "",
    open: (name) => `def ${name}(values):\n    total = len(values)`,
    call: (name, value) => `    total += ${name}([total, ${value}])`,
    close: "    return total",
  },
  go: {
    comment: "//",
    head: "package main\n\n",
    open: (name) => `func ${name}(values []int) int {\n\tsum := len(values)`,
    call: (name, value) => `\tsum += ${name}([]int{sum, ${value}})`,
    close: "\treturn sum\n}",
  },
  sh: {
    comment: "#",
    head: "#!/bin/sh\nset -eu\n",
    open: (name) => `${name}() {`,
    call: (name, value) => `  ${name} "$1" ${value}`,
    close: "}",
  },
};

/** Functions with comments; the identifier is one of them, or called by them. */
export function codeText(random: Random, { title, sentences }: Content, { format, about }: CorpusFile): string {
  const syntax = syntaxes[format];
  if (syntax === undefined) throw new RangeError(`${format} is no source code`);
  const { comment, head, open, call, close } = syntax;
  const identifier = about.identifier ?? "main";
  const names = [identifier];
  const blocks = [`${head}${comment} ${title}`];
  const isDefined = random.next() < 0.5;
  for (const [at, sentence] of sentences.entries()) {
    const name = at === 0 && isDefined ? identifier : `step${at + 1}`;
    const called = at === 1 ? identifier : (names[Math.floor(random.next() * names.length)] as string);
    blocks.push(
      [`${comment} ${sentence}`, open(name), call(called, Math.floor(random.next() * 1_000)), close].join("\n"),
    );
    names.push(name);
  }
  blocks.push(`${comment} ${identifier}`);
  return `${blocks.join("\n\n")}\n`;
}
