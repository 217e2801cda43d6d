import type { Link } from "./links.ts";
import { matchesName } from "./name-pattern.ts";
import { fold } from "./spoken.ts";

/** Contacts, or an allow-list: whole values in a set, patterns beside it. */
export interface Listed {
  readonly whole: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

export function listed(entries: readonly string[]): Listed {
  const all = entries.map(fold);
  return {
    whole: new Set(all.filter((entry) => !entry.includes("*"))),
    patterns: all.filter((entry) => entry.includes("*")),
  };
}

// No address is longer, and each pattern would look through all of it.
const MAX_ADDRESS = 1_000;

/** Whether an address, host or account stands there. What a `*` stands for holds no sign that would begin another address. */
export function isListed(value: string, { whole, patterns }: Listed): boolean {
  if (value.length > MAX_ADDRESS) return false;
  const wanted = fold(value);
  if (whole.has(wanted)) return true;
  if (patterns.length === 0) return false;
  return patterns.some((pattern) => matchesName(pattern, wanted) && isOneWord(wanted, pattern));
}

/** As many signs as the pattern has, and each of them: `*@example.org` is no `evil@elsewhere.org,me@example.org`. */
function isOneWord(value: string, pattern: string): boolean {
  const strange = /[^\p{L}\p{N}._+-]/gu;
  return (value.match(strange) ?? []).join("") === (pattern.replaceAll("*", "").match(strange) ?? []).join("");
}

/**
 * Whether a link leads where the list says: `api.example.org` and `*.example.org` (hosts, at the usual port),
 * `api.example.org:8443`, `example.org:*`, `https://example.org/docs/*` (what lies below it).
 */
export function isLinkListed({ to, raw }: Link, { whole, patterns }: Listed): boolean {
  if (!to) return false;
  const { host, port, path } = to;
  const isUsual = port === 443 || port === 80;
  if (whole.has(`${host}:${port}`) || (isUsual && whole.has(host)) || whole.has(raw)) return true;
  return patterns.some((pattern) => {
    const below = /^https:\/\/([^/*]+)(\/[^*]*)\*$/.exec(pattern);
    if (below)
      return raw.startsWith("https://") && withPort(host, port) === below[1] && path.startsWith(below[2] ?? "/");
    if (pattern.includes("/") || pattern.includes("@")) return false;
    const [hosts = "", ports] = pattern.split(":");
    if (ports === undefined ? !isUsual : ports !== "*" && ports !== String(port)) return false;
    return hosts === host || (hosts.startsWith("*.") && !hosts.slice(1).includes("*") && host.endsWith(hosts.slice(1)));
  });
}

const withPort = (host: string, port: number): string => (port === 443 ? host : `${host}:${port}`);
