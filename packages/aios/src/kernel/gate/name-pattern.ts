/** `*` stands for any run of characters, also an empty one; everything else for itself. In time of at most pattern × name. */
export function matchesName(pattern: string, name: string): boolean {
  let [at, place] = [0, 0];
  let [star, retry] = [-1, 0];
  while (place < name.length) {
    if (pattern[at] === "*") {
      [star, retry] = [at, place];
      at++;
    } else if (at < pattern.length && pattern[at] === name[place]) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++retry;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** Whether a name, or a pattern of names, is of syscalls: `fs.share`, `llm.*`. `mail_send` and `server/tool` are tools. */
export const namesSyscalls = (name: string): boolean => name.includes(".") && !name.includes("/");

/**
 * Whether a pattern of the policy is about this call: `*` is about tools alone, so that no careless row opens the kernel. A tool
 * may be called as syscalls are, `mail.send`: rows that seem to be about those are about it, too.
 */
export const isAbout = (pattern: string, { name, isSyscall }: { name: string; isSyscall: boolean }): boolean =>
  pattern === name ||
  ((isSyscall ? namesSyscalls(pattern) : !namesSyscalls(pattern) || namesSyscalls(name)) && matchesName(pattern, name));
