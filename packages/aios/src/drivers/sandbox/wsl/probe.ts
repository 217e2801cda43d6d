import { isSysError } from "@aiosjs/sdk/protocol";
import type { SandboxProbe } from "../../../kernel/ports.ts";
import { askWsl, Distribution } from "./distribution.ts";
import type { WslProgram } from "./distribution.ts";

interface Installed {
  readonly name: string;
  readonly isDefault: boolean;
  readonly version: number;
}

export type Found =
  | { readonly is: "found"; readonly distribution: Distribution; readonly version: string }
  | Extract<SandboxProbe, { is: "missing" }>;

/** What a sandbox takes in the distribution, each tried; each complaint is a word of `complaints`. */
const trial = [
  `[ "$(id -u)" != 0 ] || { echo root; exit; }`,
  `case $(uname -m) in x86_64|aarch64) ;; *) echo processor; exit;; esac`,
  `for p in timeout unshare ps readlink; do command -v $p >/dev/null || { echo tools; exit; }; done`,
  `command -v bwrap >/dev/null || { echo absent; exit; }`,
  `bwrap --unshare-all --unshare-user --disable-userns --die-with-parent --ro-bind / / --proc /proc --dev /dev true || { echo start; exit; }`,
  "bwrap --version",
].join("; ");

const complaints: Readonly<Record<string, (name: string) => { readonly why: string; readonly fix: string }>> = {
  root: (name) => ({
    why: `the default user of ${name} is root, whose sandboxes would hold root's rights`,
    fix: `wsl --manage ${name} --set-default-user NAME`,
  }),
  processor: (name) => ({
    why: `there is no seccomp filter for the processor of ${name}`,
    fix: "use the container driver",
  }),
  tools: (name) => ({
    why: `timeout, unshare, ps or readlink is missing in ${name}`,
    fix: `wsl -d ${name} -u root apt-get install -y coreutils util-linux procps`,
  }),
  absent: (name) => ({
    why: `bubblewrap is not installed in ${name}`,
    fix: `wsl -d ${name} -u root apt-get install -y bubblewrap`,
  }),
  start: (name) => ({
    why: `bubblewrap does not start in ${name}, or is older than 0.8.0`,
    fix: `see what \`wsl -d ${name} --exec bwrap --unshare-all --disable-userns --unshare-user --ro-bind / / true\` says`,
  }),
};

/** The distribution that sandboxes are made in. `wanted`: its name; default: the machine's default one. */
export async function findDistribution(program: WslProgram, wanted?: string): Promise<Found> {
  try {
    const { code, out } = await askWsl(program, ["--list", "--verbose"]);
    if (code !== 0)
      return missing(`wsl.exe lists no distribution: ${out.trim().split("\n")[0] ?? ""}`, "wsl --install");
    const all = installed(out);
    const chosen = all.find(({ name, isDefault }) => (wanted === undefined ? isDefault : name === wanted));
    if (!chosen)
      return missing(
        `WSL has no ${wanted === undefined ? "default distribution" : `distribution ${wanted}`}`,
        `wsl --install ${wanted ?? "Ubuntu"}`,
      );
    const { name, version } = chosen;
    if (version !== 2)
      return missing(`${name} is of WSL ${version}, which is no Linux of its own`, `wsl --set-version ${name} 2`);
    const distribution = new Distribution(program, name);
    const said = (await distribution.run(trial)).trim();
    const complaint = complaints[said]?.(name);
    if (complaint) return { is: "missing", ...complaint };
    return { is: "found", distribution, version: `${said.split(" ").at(-1) ?? ""} in ${name}` };
  } catch (cause) {
    if (!isSysError(cause)) throw cause;
    return missing(cause.message, cause.hint ?? "wsl --install");
  }
}

/** Headings and states are in the user's language: what counts is the name at the beginning and the version at the end. */
export const installed = (out: string): readonly Installed[] =>
  out.split("\n").flatMap((line) => {
    const [, mark, name, version] = /^\s*(\*?)\s*(\S+)\s.*\s([12])\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, isDefault: mark === "*", version: Number(version) }];
  });

const missing = (why: string, fix: string): Extract<Found, { is: "missing" }> => ({ is: "missing", why, fix });
