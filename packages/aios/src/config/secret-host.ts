import { SysError } from "@aiosjs/sdk/protocol";
import { HOST_PATTERN } from "../kernel/ports.ts";

/**
 * A host that a person has written for a secret, in full: `api.example.com` is `https://api.example.com:443`. Plain HTTP
 * shows a secret to whoever is on the way, so it is meant only where it is written: `http://HOST:PORT`.
 * @throws SysError EINVAL
 */
export function readSecretHost(text: string): string {
  const [, protocol = "https:", host = "", port] =
    /^(?:(https?:)\/\/)?(.+?)(?::(\d+|\*))?\/?$/i.exec(text.trim()) ?? [];
  const lower = protocol.toLowerCase();
  const pattern = `${host.toLowerCase()}:${port ?? (lower === "http:" ? "80" : "443")}`;
  if (HOST_PATTERN.test(pattern)) return `${lower}//${pattern}`;
  throw new SysError("EINVAL", `"${text}" is no host`, {
    hint: "such as api.github.com, *.example.org, api.example.com:8443 or http://intranet.example:8080",
  });
}
