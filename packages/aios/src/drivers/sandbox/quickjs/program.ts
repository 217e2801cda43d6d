import { SysError } from "@aiosjs/sdk/protocol";
import { pathInHome } from "./home-files.ts";

interface Program {
  readonly code: string;
  readonly name: string;
  readonly args: readonly string[];
}

const hint = 'the only program is js: ["js", "-e", CODE, …] or ["js", FILE, …]';

/**
 * The code that a command means.
 * @throws SysError ENOENT there is no such program or file, EINVAL.
 */
export function programOf(
  { argv, folder }: { readonly argv: readonly string[]; readonly folder?: string | undefined },
  files: ReadonlyMap<string, Uint8Array>,
): Program {
  const [program, first, second] = argv;
  if (program === undefined || program === "") throw new SysError("EINVAL", "a command needs a program", { hint });
  if (program !== "js") throw new SysError("ENOENT", `there is no program "${program}" in a wasm sandbox`, { hint });
  if (first === undefined) throw new SysError("EINVAL", "js is given no code", { hint });
  if (first === "-e") {
    if (second === undefined) throw new SysError("EINVAL", "js -e is given no code", { hint });
    return { code: second, name: "<code>", args: argv.slice(3) };
  }
  const path = pathInHome(first, folder);
  const bytes = path === undefined ? undefined : files.get(path);
  if (bytes === undefined)
    throw new SysError("ENOENT", `there is no file ${first} in the home folder`, { hint: "upload it first" });
  return { code: new TextDecoder().decode(bytes), name: first, args: argv.slice(2) };
}
