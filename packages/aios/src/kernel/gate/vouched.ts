import type { ArgumentNeed } from "@aiosjs/sdk/protocol";
import type { JoinedRow } from "./agent-row.ts";
import { isLinkListed, isListed } from "./listed.ts";
import type { Listed } from "./listed.ts";
import { linkOfValue } from "./links.ts";
import type { Link } from "./links.ts";
import { isSaid } from "./spoken.ts";
import type { SaidText } from "./spoken.ts";
import type { Origin } from "./verdict.ts";

/** Who may vouch for a value. */
export interface Vouchers {
  readonly said: readonly SaidText[];
  readonly contacts: Listed;
  readonly allowlists: ReadonlyMap<string, Listed>;
  readonly agent: JoinedRow;
}

const unknown: Origin = { is: "unknown" };

/** Where a value has its standing from: a person, or one of the ways that the need allows. */
export function vouchedFor(
  value: string,
  { or, mayBeSaid }: { or: ArgumentNeed["or"]; mayBeSaid: boolean },
  vouchers: Vouchers,
): Origin {
  const link = linkOfValue(value);
  if (link) {
    const origin = linkVouchedFor(link, { or, mayBeSaid }, vouchers);
    if (origin.is !== "user" || vouchers.said.some((text) => saysPath(value, text))) return origin;
    return linkVouchedFor(link, { or, mayBeSaid: false }, vouchers);
  }
  if (mayBeSaid && vouchers.said.some((text) => isSaid(value, text))) return { is: "user" };
  // `Name <address>` goes to the address.
  const address = /^[^<>@,;\r\n]{0,200}<([^<>\s,;]{1,200})>$/.exec(value.trim())?.[1];
  if (address !== undefined) return vouchedFor(address, { or, mayBeSaid }, vouchers);
  if (or?.inContacts && isListed(value, vouchers.contacts)) return { is: "contact" };
  const list = or?.inAllowlist;
  if (list === undefined) return unknown;
  const host: Link = { raw: value, key: "", keys: [], rest: value, to: hostOf(value) };
  const isThere = listNamed(list, vouchers).some((one) => isListed(value, one) || isLinkListed(host, one));
  return isThere ? { is: "allowlist", list } : unknown;
}

/** Hosts have no case; each letter of a path that may have either tells one bit to whoever is asked for it. */
function saysPath(value: string, { original }: SaidText): boolean {
  const path = /^(?:[a-z][a-z0-9+.-]*:)?(?:[/\\]{2})?[^/?#\\]*([^]*)$/i.exec(value.trim())?.[1] ?? "";
  return path === "" || path === "/" || original.includes(path);
}

/** The same of a link: said in any of its forms, or leading to what is listed. */
export function linkVouchedFor(
  link: Link,
  { or, mayBeSaid }: { or: ArgumentNeed["or"]; mayBeSaid: boolean },
  vouchers: Vouchers,
): Origin {
  const { key, raw, rest } = link;
  // Who said `example.org` said https://example.org; a word is no address, and who said it did not say javascript: before it.
  const isAddress = /^(?:https?:|mailto:|\/\/)/.test(raw) && /[.@]/.test(rest);
  if (
    mayBeSaid &&
    vouchers.said.some((text) => text.links().has(key) || isSaid(raw, text) || (isAddress && isSaid(rest, text)))
  )
    return { is: "user" };
  const address = /^mailto:([^?&\s]+)$/.exec(raw)?.[1];
  if (or?.inContacts)
    if (isLinkListed(link, vouchers.contacts) || (address !== undefined && isListed(address, vouchers.contacts)))
      return { is: "contact" };
  const list = or?.inAllowlist;
  if (list === undefined || !listNamed(list, vouchers).some((one) => isLinkListed(link, one))) return unknown;
  return { is: "allowlist", list };
}

/** What the policy does not name lists nothing. Hosts that an agent may reach are a list of its own. */
function listNamed(name: string, { allowlists, agent }: Vouchers): readonly Listed[] {
  if (name === "egress") return [agent.egressList];
  const list = allowlists.get(name);
  return list ? [list] : [];
}

/** A bare host, as `api.example.org` or `api.example.org:8443`. */
function hostOf(value: string): Link["to"] {
  const match = /^([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::(\d{1,5}))?$/i.exec(value);
  return match?.[1] ? { host: match[1].toLowerCase(), port: Number(match[2] ?? 443), path: "/" } : null;
}
