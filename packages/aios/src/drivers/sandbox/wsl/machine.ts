import { createHash } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SystemFolder } from "../bubblewrap/profile.ts";
import { seccompFilter } from "../seccomp.ts";
import { quoted } from "./distribution.ts";
import type { Distribution } from "./distribution.ts";

/** What all sandboxes of a driver share in the distribution. */
export interface WslMachine {
  readonly distribution: Distribution;
  /** Where homes, snapshots and running commands are kept, in the file system of Linux: that of Windows knows no modes. */
  readonly folder: string;
  readonly etc: string;
  readonly filter: string;
  readonly system: readonly SystemFolder[];
}

/** As the etc folder of the bubblewrap driver: made of nothing, with what programs cannot start or connect without. */
const makeEtc = [
  `rm -rf "$e"`,
  `mkdir -p "$e/ssl/certs" "$e/alternatives"`,
  `printf '%s\\n' root:x:0:0:root:/:/usr/sbin/nologin agent:x:1000:1000:agent:/home/agent:/bin/sh > "$e/passwd"`,
  `printf '%s\\n' root:x:0: agent:x:1000: nogroup:x:65534: > "$e/group"`,
  `printf '%s\\n' '127.0.0.1 localhost sandbox' '::1 localhost' > "$e/hosts"`,
  `echo sandbox > "$e/hostname"`,
  `: > "$e/resolv.conf"`,
  `printf '%s\\n' 'passwd: files' 'group: files' 'hosts: files dns' > "$e/nsswitch.conf"`,
  `for f in ld.so.cache ssl/openssl.cnf ssl/certs/ca-certificates.crt; do [ -f /etc/$f ] && cp /etc/$f "$e/$f"; done`,
].join("; ");

const listSystem = `for d in bin sbin lib lib64 lib32 libx32; do if [ -L /$d ]; then echo "$d $(readlink /$d)"; elif [ -d /$d ]; then echo $d; fi; done`;

/** `owner`: path of the driver's folder on Windows; each has a folder of its own there. */
export async function openWslMachine(
  distribution: Distribution,
  { owner, generation }: { readonly owner: string; readonly generation: number },
): Promise<WslMachine> {
  const name = createHash("sha256").update(owner).digest("hex").slice(0, 16);
  const make = `b=\${XDG_DATA_HOME:-$HOME/.local/share}/aios/sandboxes/${name}; m=$b/.machine-${generation}; e=$m/etc; mkdir -p "$m"`;
  const tell = `printf '%s\\n' "$b" "$(uname -m)"; ${listSystem}`;
  const said = await distribution.run(`umask 077; ${make} || exit 1; umask 022; ${makeEtc}; ${tell}`);
  const [folder = "", processor, ...system] = said.trimEnd().split("\n");
  const filter = seccompFilter(processorOf(processor));
  const at = `${folder}/.machine-${generation}`;
  await distribution.run(`cat > ${quoted(`${at}/seccomp.bpf`)}`, filter);
  return {
    distribution,
    folder,
    etc: `${at}/etc`,
    filter: `${at}/seccomp.bpf`,
    system: system.map((line): SystemFolder => {
      const [top = "", to] = line.split(" ");
      return to === undefined ? { name: top, is: "folder" } : { name: top, is: "link", to };
    }),
  };
}

function processorOf(said: string | undefined): "x64" | "arm64" {
  if (said === "x86_64") return "x64";
  if (said === "aarch64") return "arm64";
  throw new SysError("ENOSYS", `there is no seccomp filter for the processor ${said ?? ""}`);
}
