import { plainForms } from "./plain-forms.ts";

/** A URL, or what may be taken for one. */
export interface Link {
  /** As it stands in the text, unveiled. */
  readonly raw: string;
  /** Equal for links that lead to the same place. */
  readonly key: string;
  /** The keys that somebody who said this one has said with it: without a scheme, or by https. */
  readonly keys: readonly string[];
  /** Host and path without the scheme; the address of `mailto:`. */
  readonly rest: string;
  /** Where it leads; null where readers of it may differ about that. */
  readonly to: { readonly host: string; readonly port: number; readonly path: string } | null;
}

// A longer text is not looked through, and counts as one link to nobody knows where.
const MAX_TEXT = 200_000;
const MAX_LINKS = 256;
// As browsers do.
const MAX_VALUE = 8_192;

/**
 * All that a reader of a text may follow: anything with a scheme, hosts with a path, a port or a known ending, addresses by
 * number, targets of markdown and HTML; also where hidden by entities, percent signs, zero-width or look-alike characters.
 */
export function linksOf(text: string): readonly Link[] {
  if (!/[.:/\\&%[=(\u0080-\uffff]/.test(text)) return [];
  if (text.length > MAX_TEXT) return [linkOf(text.slice(0, 100), null)];
  const found = new Map<string, Link>();
  for (const form of plainForms(text))
    for (const raw of rawLinksOf(form)) {
      if (found.size >= MAX_LINKS) return [...found.values(), linkOf("…", null)];
      if (raw !== "" && !found.has(raw)) found.set(raw, linkOf(raw, parse(raw)));
    }
  return [...found.values()];
}

/** A value that is one URL as a whole; undefined: it is none, or holds more. */
export function linkOfValue(value: string): Link | undefined {
  if (value.length > MAX_VALUE || !/^\S+$/.test(value)) return undefined;
  const whole = value.toLowerCase();
  const [raw, more] = new Set(rawLinksOf(whole));
  // Whole it is what is asked for: signs that end a sentence are part of it.
  return more === undefined && raw !== undefined && raw === cut(whole) ? linkOf(whole, parse(whole)) : undefined;
}

const schemed = /(?<![a-z0-9])[a-z][a-z0-9+.-]{1,31}:[^\s<>"`]+/g;
const hosted =
  /((?:[\p{L}\p{N}\p{M}_-]{1,63}\.){1,20}[\p{L}\p{N}\p{M}-]{2,63}|(?:\d{1,3}\.){3}\d{1,3})(\.?:\d{1,5})?(\.?[/?#\\][^\s<>"`]*)?/gu;
const relative = /(?<![:\p{L}\p{N}/\\])(?:\/\/|\\\\)[\p{L}\p{N}][^\s<>"`]*/gu;
const sixth = /\[[0-9a-f:.]{2,45}\](?::\d|\/)[^\s<>"`]*/g;
const target = /\]\(([^)]{1,2000})|^ {0,3}\[[^\]\n]{1,200}\]:\s{0,10}(\S{1,2000})/gm;
const attribute =
  /\b(?:href|src|srcset|action|formaction|poster|background|data|ping|cite)\s{0,20}=\s{0,20}(?:"([^"]{1,2000})|'([^']{1,2000})|([^\s>"']{1,2000}))|\burl\(([^)]{1,2000})/g;

function* rawLinksOf(text: string): Generator<string> {
  const schemes = [...text.matchAll(schemed)].filter(([raw]) => isSchemed(raw));
  let next = 0;
  /** Whether a place belongs to one with a scheme already; asked in the order of places. */
  const isWithin = (at: number): boolean => {
    while (next < schemes.length && schemes[next]!.index + schemes[next]![0].length <= at) next++;
    return next < schemes.length && schemes[next]!.index <= at;
  };
  for (const [raw] of schemes) yield cut(raw);
  for (const match of text.matchAll(hosted))
    if (!isWithin(match.index) && leadsSomewhere(text, match)) yield cut(match[0]);
  next = 0;
  for (const match of text.matchAll(relative)) if (!isWithin(match.index)) yield cut(match[0]);
  next = 0;
  for (const match of text.matchAll(sixth)) if (!isWithin(match.index)) yield cut(match[0]);
  for (const [, inline, defined] of text.matchAll(target)) yield* targetOf(inline ?? defined);
  for (const [, double, single, bare, style] of text.matchAll(attribute))
    yield* targetOf(double ?? single ?? bare ?? style);
}

/** Without the signs of a sentence that ends with it. Not by an expression: those look from each sign on to the end. */
function cut(raw: string): string {
  let end = raw.length;
  while (end > 0 && ".,;:!?)]}*_~'\"".includes(raw[end - 1]!)) end--;
  return raw.slice(0, end);
}

/** Browsers drop white space from a target; a title may follow it. */
function* targetOf(said: string | undefined): Generator<string> {
  const [address = ""] = (said ?? "").trim().split(/\s+["'(]/, 1);
  const raw = address.replace(/\s+/g, "").replace(/^[<"']+|[>"']+$/g, "");
  if (raw !== "" && !raw.startsWith("#")) yield cut(raw);
}

/** Not `12:30`, `std::vector` or `total:50`. */
function isSchemed(raw: string): boolean {
  const rest = cut(raw.slice(raw.indexOf(":") + 1));
  return rest !== "" && !/^[\d.,:%€$]*$/.test(rest) && !rest.startsWith(":");
}

// Where a name without path may be followed at a click; others need one. Endings that are rather those of files are left out.
const endings = new Set(
  (
    "com net org edu gov mil int info biz name pro io dev app ai co cloud page site online shop store club top live link click xyz " +
    "zip mov tech space website blog news media world today email agency digital studio design fun icu vip work life one " +
    "us uk de fr nl eu ru cn jp kr in br au ca ch at be es it se no dk fi cz sk hu ro gr pt ie il tr ua mx ar cl za ng ke tw hk sg th vn id my ph nz me tv gg gl ly to ws su onion local internal lan"
  ).split(" "),
);

function leadsSomewhere(text: string, match: RegExpExecArray): boolean {
  const [all, host = "", port, path] = match;
  const labels = host.split(".");
  const ending = labels.at(-1) ?? "";
  const next = text[match.index + all.length];
  // `a.b.smith@example.org`: what stands before the sign is no host.
  if (next === "@" && !port && !path) return false;
  const isNumber = labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label));
  if (!isNumber && !/^(xn--[a-z0-9-]+|[^\d-][^\d]*)$/u.test(ending)) return false;
  if (port || (path && path !== "." && cut(path) !== "")) return true;
  if (text[match.index - 1] === "@") return false;
  return (
    isNumber || labels.length > 2 || endings.has(ending) || ending.startsWith("xn--") || /[^\x20-\x7e]/.test(ending)
  );
}

const linkForm = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/)?([^/?#]*)([^#]*)(#[^]*)?$/;
const ports: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443, ftp: 21, "": 443 };

function parse(raw: string): Link["to"] {
  // Blanks, backslashes, user names and odd characters in a host: programs disagree about where such a thing leads.
  const match = linkForm.exec(raw);
  const isSchemeless = !/^[a-z][a-z0-9+.-]*:\/\//.test(raw);
  const [, scheme = "", authority = "", path = ""] = isSchemeless
    ? (linkForm.exec(`https://${raw.replace(/^\/\//, "")}`) ?? [])
    : (match ?? []);
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\\\s\x00-\x1f\x7f]/.test(raw)) return null;
  const host = /^([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::(\d{1,5}))?$/.exec(authority);
  const usual = ports[scheme];
  const port = host?.[2] && usual !== undefined ? Number(host[2]) : usual;
  if (!host?.[1] || host[1].includes("..") || port === undefined) return null;
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/.test(path)) return null;
  return { host: host[1], port, path: path.startsWith("/") ? path : `/${path}` };
}

function linkOf(raw: string, to: Link["to"]): Link {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/)?([^]*)$/.exec(raw);
  const isHostWithPort = match !== null && !raw.includes("://") && /^\d{1,5}([/?#]|$)/.test(match[2] ?? "");
  const scheme = isHostWithPort ? "" : (match?.[1] ?? "");
  const rest = (isHostWithPort || match === null ? raw.replace(/^\/\//, "") : (match[2] ?? ""))
    .replace(/^([^/?#]*):(443|80)(?=[/?#]|$)/, (all, host: string, port: string) =>
      String(ports[scheme]) === port ? host : all,
    )
    .replace(/^([^/?#]*)\/$/, "$1");
  const key = `${scheme}|${rest}`;
  const also = { "": ["http", "https"], http: ["https", ""], https: [""] }[scheme] ?? [];
  return { raw, key, keys: [key, ...also.map((other) => `${other}|${rest}`)], rest, to };
}
