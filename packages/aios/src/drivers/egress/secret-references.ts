import { SysError } from "@aiosjs/sdk/protocol";
import { patternFor } from "../../kernel/ports.ts";
import type { Destination } from "../../kernel/ports.ts";

/** A secret as whoever sends a request may use it. */
export interface GrantedSecret {
  readonly name: string;
  readonly value: string;
  /** Where it may go: `https://HOST:PORT`, `http://HOST:PORT`; the host as a pattern. Never the other protocol than is written. */
  readonly hosts: readonly string[];
}

/** @throws SysError EPOLICY, ENOENT, for a name that this process has no secret by. */
export type FindSecret = (name: string) => Promise<GrantedSecret>;

/** Where a request goes, as far as secrets are concerned. */
export interface SecretSink {
  readonly protocol: "https:" | "http:";
  readonly destination: Destination;
}

/** How a value is written where its reference stood. */
export type Spelling = "plain" | "json" | "form" | "url";

const written: Record<Spelling, (value: string) => string> = {
  plain: (value) => value,
  json: (value) => JSON.stringify(value).slice(1, -1),
  form: (value) => new URLSearchParams({ "": value }).toString().slice(1),
  url: encodeURIComponent,
};

const NAME = "[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?";
const references = new RegExp(`secret(?:://|%3A%2F%2F|:\\\\/\\\\/)(${NAME})`, "gi");

/** Whether a text names a secret at all: most do not. */
export const hasReference = (text: string): boolean => text.search(references) !== -1;

/** Puts values in place of `secret://name`, for hosts that they are for. Remembers which it used. */
export class SecretReferences {
  readonly used = new Map<string, GrantedSecret>();
  readonly #find: FindSecret;

  constructor(find: FindSecret) {
    this.#find = find;
  }

  /** @throws SysError EPOLICY where the sink is none of a secret's hosts, ENOENT. */
  async fill(text: string, sink: SecretSink, spelling: Spelling): Promise<string> {
    const names = [...text.matchAll(references)].map(([, name = ""]) => name.toLowerCase());
    for (const name of new Set(names)) {
      const secret = await this.#find(name);
      if (!isFor(secret, sink)) throw misdirected(secret, sink);
      this.used.set(name, secret);
    }
    return text.replaceAll(references, (_, name: string) =>
      written[spelling](this.used.get(name.toLowerCase())?.value ?? ""),
    );
  }

  /** Headers, those of Basic credentials among them. A value that a header cannot hold is refused. */
  async fillHeaders<Headers extends Readonly<Record<string, string | readonly string[]>>>(
    headers: Headers,
    sink: SecretSink,
  ): Promise<Record<string, string | string[]>> {
    const filled: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(headers)) {
      const one = (text: string): Promise<string> => this.#fillHeader(text, sink);
      filled[name] = typeof value === "string" ? await one(value) : await Promise.all(value.map(one));
    }
    return filled;
  }

  async #fillHeader(text: string, sink: SecretSink): Promise<string> {
    const basic = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(text)?.[1];
    const inside = basic === undefined ? "" : Buffer.from(basic, "base64").toString("utf8");
    const filled = hasReference(inside)
      ? `Basic ${Buffer.from(await this.fill(inside, sink, "plain")).toString("base64")}`
      : await this.fill(text, sink, "plain");
    if (filled !== text && /[^\t\x20-\x7e\x80-\xff]/.test(filled))
      throw new SysError("EINVAL", "the value of a secret has characters that no header can hold", {
        hint: "keep it without line ends: aios secret set NAME",
      });
    return filled;
  }

  /** Refuses to follow where a value that was sent comes back in an address for another host. */
  checkFollowing(location: string, sink: SecretSink): void {
    for (const secret of this.used.values())
      if (!isFor(secret, sink) && Object.values(written).some((write) => location.includes(write(secret.value))))
        throw misdirected(secret, sink);
  }
}

function isFor({ hosts }: GrantedSecret, { protocol, destination }: SecretSink): boolean {
  const own = hosts.filter((host) => host.startsWith(`${protocol}//`)).map((host) => host.slice(protocol.length + 2));
  return patternFor(destination, own) !== undefined;
}

function misdirected({ name, hosts }: GrantedSecret, { protocol, destination }: SecretSink): SysError {
  const place = `${protocol}//${destination.host}:${destination.port}`;
  return new SysError("EPOLICY", `secret://${name} is not for ${place} (it is for ${hosts.join(", ") || "no host"})`, {
    hint: `a person can allow it: aios secret set ${name} ${[...hosts, place].map((host) => `--host ${host}`).join(" ")}`,
  });
}
