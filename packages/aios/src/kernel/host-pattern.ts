/** Where a connection is to go, in the one spelling that is compared. */
export interface Destination {
  /** A name in lower-case ASCII without a dot at its end, or an address: `192.0.2.1`, `2001:db8::1`. */
  readonly host: string;
  readonly port: number;
  /** It is an address, not a name. */
  readonly isAddress: boolean;
}

/** What a person may write for hosts: a name, `*.` and a name (whatever is below it, not itself), or an address; then the port, or `*`. */
export const HOST_PATTERN = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s/\\@?#%:*[\]]+):(\d{1,5}|\*)$/i;

/**
 * Reads a host as browsers do, so that `0x7f.1`, `2130706433`, full-width digits, `EXAMPLE.org.` and `bücher.example` are
 * what they stand for. Undefined for what is no host: user names, paths, escapes, zones.
 */
export function readDestination(host: string, port: number): Destination | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const isBracketed = /^\[[0-9a-f:.]+\]$/i.test(host);
  if (!isBracketed && (host === "" || /[\s/\\@?#%:*[\]]/.test(host))) return undefined;
  const url = URL.parse(`http://${host}/`);
  const name = url?.hostname.replace(/\.$/, "") ?? "";
  // A dot at the end is the root of all names; a second one, or an empty label, is no name.
  if (name === "" || name.length > 253 || (!isBracketed && name.split(".").includes(""))) return undefined;
  if (name.startsWith("[")) return { host: name.slice(1, -1), port, isAddress: true };
  return { host: name, port, isAddress: /^\d+\.\d+\.\d+\.\d+$/.test(name) };
}

/** The first pattern that names a destination. What is no pattern names nothing. */
export const patternFor = (destination: Destination, patterns: readonly string[]): string | undefined =>
  patterns.find((pattern) => isNamedBy(destination, pattern));

function isNamedBy({ host, port, isAddress }: Destination, pattern: string): boolean {
  const [, below, text = "", ports] = HOST_PATTERN.exec(pattern) ?? [];
  if (ports === undefined || (ports !== "*" && Number(ports) !== port)) return false;
  const named = readDestination(text, port);
  if (!named || named.isAddress !== isAddress) return false;
  return below === undefined ? host === named.host : !isAddress && host.endsWith(`.${named.host}`);
}
