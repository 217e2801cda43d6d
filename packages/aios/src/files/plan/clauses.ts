/** One thing that is asked for, with marks for quotations. */
const joint = new RegExp(
  [
    // ", and then "
    "\\s*[,;.，；。]?\\s*(?<=[\\s,;.，；。\\uE000-\\uEFFF])(?:and\\s+)?then(?=[\\s,\\uE000-\\uEFFF])[\\s,]*",
    // 然后, behind what ends a name for sure
    "\\s*[，。；,;]?\\s*(?<=[\\s，。；,;/\\uE000-\\uEFFF]|\\.[A-Za-z0-9]{1,5})(?:然后再?|接着再?|并且|再)[\\s，,]*",
    "\\s*[，。；,;]\\s*(?:之后再?|最后)[\\s，,]*",
    "\\s*[;；\\n]+\\s*",
    "\\s*。\\s*(?=\\S)",
    "(?<=[^\\s.])\\.\\s+(?=[A-Z])",
  ].join("|"),
  "iu",
);
const polite =
  /^(?:(?:please|can you|could you|would you|first|now|also|and)(?=[\s,])|请你?|帮我|麻烦你?|首先|先|[\s,，])+/iu;
const rest = /(?: ?[,，]? ?(?:please|thanks|thank you|谢谢)?[ .!！。?？,，]{0,8})$/iu;

/** The clauses of a request in their order, without what is only polite. */
export const clausesOf = (text: string): string[] =>
  text
    // Many spaces would be tried in many ways.
    .replaceAll(/\s+/g, (space) => (space.includes("\n") ? "\n" : " "))
    .split(joint)
    .map((clause) => clause.replace(polite, ""))
    .map((clause) => (/^(?:.*\s)?\.{1,2}$/.test(clause.trim()) ? clause.trim() : clause.replace(rest, "")))
    .filter((clause) => clause !== "");
