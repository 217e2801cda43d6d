import type { ContextOf } from "../registry.ts";

/** Each asks `aios __complete` for the words that may follow, so a script never grows old. */
const scripts = {
  bash: `_aios() {
  local IFS=$'\\n'
  COMPREPLY=($(aios __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _aios aios
`,
  zsh: `#compdef aios
_aios() {
  local -a found
  found=("\${(@f)$(aios __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
if [[ "$funcstack[1]" = "_aios" ]]; then _aios "$@"; else compdef _aios aios; fi
`,
  fish: `function __aios_complete
  set -l words (commandline -opc) (commandline -ct)
  aios __complete $words[2..-1] 2>/dev/null
end
complete -c aios -a '(__aios_complete)'
`,
} as const;

export function run(context: ContextOf<"completion">): Promise<void> {
  const script = scripts[context.args.shell];
  context.result({ shell: context.args.shell, script }, () => script);
  return Promise.resolve();
}
