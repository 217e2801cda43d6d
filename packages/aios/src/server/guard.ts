import { SysError } from "@aiosjs/sdk/protocol";
import type { IncomingHttpHeaders } from "node:http";

/** `name:port`, `[v6]:port`, `name` → the name alone, in lower case and without the root's dot. */
const nameOf = (authority: string): string => {
  const text = authority.trim().toLowerCase();
  const name = text.startsWith("[") ? text.slice(0, text.indexOf("]") + 1) : text.replace(/:\d*$/, "");
  return name.endsWith(".") ? name.slice(0, -1) : name;
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether an address or a name means this machine alone. */
export const isLoopback = (host: string): boolean => loopback.test(host.toLowerCase());

/** Throws when a request did not ask for us by a name of ours, or when a page of somebody else's sent it. */
export type Guard = (headers: IncomingHttpHeaders) => void;

/**
 * DNS rebinding: a page on evil.example lets its name point to 127.0.0.1 and then reads answers as its own origin. The
 * browser still says the page's name in `Host` and `Origin`, so both must be names of ours.
 */
export function createGuard(options: { allowedHosts: readonly string[] }): Guard {
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const isOurs = (authority: string): boolean => {
    const name = nameOf(authority);
    return isLoopback(name) || allowed.has(name) || allowed.has(authority.trim().toLowerCase());
  };
  return ({ host, origin }) => {
    if (host === undefined || host === "") throw new SysError("EINVAL", "the request has no Host header");
    if (!isOurs(host))
      throw new SysError("EACCES", `the host ${JSON.stringify(host)} is not served here`, {
        hint: "if it is yours, add it to server.allowedHosts",
      });
    if (origin === undefined) return;
    const authority = /^https?:\/\/([^/]+)\/?$/i.exec(origin)?.[1];
    if (authority === undefined || !isOurs(authority))
      throw new SysError("EACCES", `pages of ${JSON.stringify(origin)} may not call this server`, {
        hint: "if it is yours, add its host to server.allowedHosts",
      });
  };
}
