import { isSyscallName, SysError, syscallTable } from "@aiosjs/sdk/protocol";
import { nearest } from "./nearest.ts";

/** What a key may be given beside syscalls, and `*` has too. None of them means anything under a process key. */
const others = [
  /** `x-aios-pid` may name any process of the tenant; without it, those alone that the key itself has started. */
  "proc:act-as",
  /** The user's turns in its requests are a person's words; without it, they are whoever's. */
  "trust:user-turns",
] as const;
type OtherScope = (typeof others)[number];

export const ACT_AS: OtherScope = "proc:act-as";
export const USER_TURNS: OtherScope = "trust:user-turns";

/** All that a scope of a key can be: everything, a device, a syscall, and what is none. */
const known = (): string[] => {
  const names = Object.keys(syscallTable);
  const devices = new Set(names.map((name) => `${name.slice(0, name.indexOf("."))}.*`));
  return ["*", ...devices, ...names, ...others];
};

/** @throws SysError EINVAL for what no key can be given, with what was probably meant */
export function checkScopes(scopes: readonly string[]): void {
  const all = known();
  for (const scope of scopes) {
    if (isSyscallName(scope) || all.includes(scope)) continue;
    const near = nearest(scope, all);
    throw new SysError("EINVAL", `${JSON.stringify(scope.slice(0, 100))} is no scope`, {
      hint: `${near === undefined ? "" : `did you mean ${near}? `}a scope is *, a device as llm.*, a syscall as fs.read, ${others.join(" or ")}`,
    });
  }
}
