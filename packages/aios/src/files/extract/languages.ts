/** What a line of a program defines: the first group is its name. Tried on lines of at most 400 characters. */
export interface Language {
  readonly name: string;
  readonly definitions: readonly RegExp[];
  /** How a line begins that belongs to the definition below it: comments, decorators. */
  readonly above: RegExp;
}

const slashes = /^\s*(?:\/\/|\/\*|\*|@|#\[)/;
const hash = /^\s*(?:#|@)/;
const dashes = /^\s*--/;

const modifiers =
  "(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|async|override|sealed|open|data|partial|virtual|readonly|pub(?:\\([a-z]{1,9}\\))?|unsafe|extern|inline|const|constexpr|case|implicit|suspend) ){0,6}";
const types = new RegExp(
  `^\\s*${modifiers}(?:class|interface|enum|struct|trait|record|object|protocol|extension|actor|namespace|module|mod|union|type|impl(?:<[^>]{0,80}>)?)\\s+([\\p{L}_$][\\p{L}\\p{N}_$.:]*)`,
  "u",
);
const functions = new RegExp(
  `^\\s*${modifiers}(?:function\\*?|fn|func|fun|def|sub)\\s+(?:\\([^)]{0,80}\\)\\s*)?(?:self\\.)?([\\p{L}_$][\\p{L}\\p{N}_$.?!]*)`,
  "u",
);
const arrows =
  /^(?:export )?(?:default )?(?:const|let|var) ([\w$]+)(?:: [^=]{1,120})? = (?:async )?(?:function|\(|[\w$]+ =>|<)/;
const constants = /^export (?:const|let|var) ([\w$]+)/;
const methods =
  /^ {2,4}(?:(?:async|static|get|set|public|private|protected|override|readonly) ){0,4}(?!(?:if|for|while|switch|catch|return|function|else|do|await|throw|new)\b)[#*]?([\w$]+)(?:<[^>(]{0,80}>)?\([^;]{0,300}\{$/;
const typedMethods =
  /^\s{0,8}(?!(?:return|else|new|throw|if|for|while|switch|case|await|delete|using)\b)(?:[\w<>[\],.?*&:~]{1,80}\s){1,6}[*&]{0,2}([\w:~]{1,80})\s?\([^;]{0,300}\)?[^;]{0,80}$/;

const language = (name: string, definitions: readonly RegExp[], above = slashes): Language => ({
  name,
  definitions,
  above,
});
const script = [types, functions, arrows, constants, methods];
const curly = [types, typedMethods];
const plain = [types, functions];
const markup: readonly RegExp[] = [];

const languages: readonly (readonly [string, Language])[] = [
  ["ts mts cts tsx", language("typescript", script)],
  ["js mjs cjs jsx", language("javascript", script)],
  ["vue svelte", language("javascript", script)],
  ["py pyi", language("python", [/^\s*(?:async )?(?:def|class) (\w+)/], hash)],
  ["go", language("go", plain)],
  ["rs", language("rust", plain)],
  ["java", language("java", curly)],
  ["c h", language("c", curly)],
  ["cc cpp cxx hh hpp hxx", language("cpp", curly)],
  ["cs", language("csharp", curly)],
  ["kt kts", language("kotlin", plain)],
  ["swift", language("swift", plain)],
  ["scala", language("scala", plain)],
  ["dart", language("dart", curly)],
  ["php", language("php", plain)],
  ["rb", language("ruby", plain, hash)],
  ["pl pm", language("perl", [/^(?:sub|package) ([\w:]+)/], hash)],
  ["lua", language("lua", [/^\s*(?:local )?function ([\w.:]+)/], dashes)],
  ["sh bash zsh fish", language("shell", [/^\s*(?:function )?([\w-]+) ?\(\)/, /^function ([\w-]+)/], hash)],
  ["ps1 psm1", language("powershell", [/^\s*function ([\w-]+)/i], hash)],
  [
    "sql",
    language(
      "sql",
      [
        /^\s*create (?:or replace )?(?:unique |temporary |temp |materialized )?(?:table|view|index|function|procedure|trigger|type) (?:if not exists )?([\w."`]+)/i,
      ],
      dashes,
    ),
  ],
  ["ex exs", language("elixir", [/^\s*(?:defmodule|defp?|defmacro) ([\w.!?]+)/], hash)],
  ["erl", language("erlang", [/^([a-z]\w*)\(.{0,200}->/], /^%/)],
  ["hs", language("haskell", [/^(?:data|newtype|class|type|module) ([\w.']+)/, /^([a-z][\w']*) ::/], dashes)],
  ["r", language("r", [/^\s*([\w.]+) (?:<-|=) function/], hash)],
  ["jl", language("julia", [/^\s*(?:function|struct|mutable struct|module|macro) ([\w.!]+)/], hash)],
  ["proto", language("protobuf", [/^\s*(?:message|service|enum|rpc) (\w+)/])],
  ["graphql gql", language("graphql", [/^(?:type|input|enum|interface|union|scalar|query|mutation) (\w+)/], hash)],
  ["tf hcl", language("hcl", [/^(\w+(?: "[^"]{1,80}"){1,2}) \{/], hash)],
  ["css scss less", language("css", markup)],
  ["zig", language("zig", plain)],
  ["m mm", language("objective-c", [/^@(?:interface|implementation|protocol) (\w+)/, /^[-+] ?\([^)]{1,80}\)(\w+)/])],
  ["mk", language("make", [/^([\w./-]+):(?!=)/], hash)],
];

const byExtension = new Map(
  languages.flatMap(([extensions, found]) => extensions.split(" ").map((extension) => [extension, found] as const)),
);
const byName = new Map([
  ["makefile", byExtension.get("mk")],
  ["dockerfile", language("dockerfile", [/^FROM .{1,200} AS (\w+)/i], hash)],
  ["rakefile", byExtension.get("rb")],
  ["gemfile", byExtension.get("rb")],
]);
const interpreters: readonly (readonly [RegExp, string])[] = [
  [/python/, "py"],
  [/node|deno|bun/, "js"],
  [/(?:ba|z|da|k)?sh\b/, "sh"],
  [/ruby/, "rb"],
  [/perl/, "pl"],
];

/** By the file's name, or the interpreter that its first line names; undefined: no program. */
export function languageOf(name: string, extension: string, firstLine: string): Language | undefined {
  const known = byExtension.get(extension) ?? byName.get(name.toLowerCase());
  if (known !== undefined || !firstLine.startsWith("#!")) return known;
  const found = interpreters.find(([interpreter]) => interpreter.test(firstLine.slice(0, 200)));
  return found && byExtension.get(found[1]);
}
