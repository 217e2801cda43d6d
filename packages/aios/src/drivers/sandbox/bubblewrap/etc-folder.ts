import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const files: Readonly<Record<string, string>> = {
  passwd:
    "root:x:0:0:root:/:/usr/sbin/nologin\nagent:x:1000:1000:agent:/home/agent:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
  group: "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
  hosts: "127.0.0.1 localhost sandbox\n::1 localhost\n",
  hostname: "sandbox\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  "resolv.conf": "",
};
/** Where the systems keep what certificates are trusted; the first that is there is shown at all of them. */
const certificates = [
  "ssl/certs/ca-certificates.crt",
  "pki/tls/certs/ca-bundle.crt",
  "ssl/cert.pem",
  "ssl/ca-bundle.pem",
];
const copied = ["ld.so.cache", "ssl/openssl.cnf"];

/** The /etc of all sandboxes: made of nothing, with what programs cannot start or connect without. */
export function makeEtcFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  const put = (name: string, write: (at: string) => void): void => {
    const at = join(folder, name);
    makeFolder(dirname(at));
    write(at);
    chmodSync(at, 0o644);
  };
  for (const [name, text] of Object.entries(files)) put(name, (at) => writeFileSync(at, text));
  for (const name of copied) {
    if (existsSync(join("/etc", name))) put(name, (at) => copyFileSync(join("/etc", name), at));
  }
  const trusted = certificates.find((name) => existsSync(join("/etc", name)));
  if (trusted !== undefined) {
    for (const name of certificates) put(name, (at) => copyFileSync(join("/etc", trusted), at));
  }
  // Names of programs that a system lets one choose (awk, editor) are links into it.
  makeFolder(join(folder, "alternatives"));
  return folder;
}

/** For all to read, whatever the umask: root's sandboxes read it as somebody else. */
function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  for (let at = path; first !== undefined && at.length >= first.length; at = dirname(at)) chmodSync(at, 0o755);
}
