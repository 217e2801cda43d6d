/** By which way something wanted to go out. */
export type EgressWay = "tunnel" | "http" | "fetch";

/** Which rule refused it. */
export type EgressRule =
  /** What was asked for is no host and port. */
  | "malformed"
  /** No pattern names it. */
  | "not-allowed"
  /** It leads to an address that is not of the public internet. */
  | "closed-address"
  /** The TLS inside of a tunnel is for another host than the tunnel. */
  | "other-name"
  /** It would carry a secret to a host that this is not for. */
  | "secret"
  /** Too many connections at once. */
  | "too-many";

interface EgressPlace {
  readonly way: EgressWay;
  /** As it was understood; as it was written where it was not. */
  readonly host: string;
  readonly port: number;
}

/** What wanted to go out, and what became of it. No path, header or body is told. */
export type EgressEvent =
  | (EgressPlace & { readonly type: "egress.permitted"; readonly address: string; readonly pattern: string })
  | (EgressPlace & { readonly type: "egress.refused"; readonly rule: EgressRule; readonly detail: string })
  /** Permitted, but nothing answered there. */
  | (EgressPlace & { readonly type: "egress.failed"; readonly detail: string })
  | (EgressPlace & {
      readonly type: "egress.closed";
      readonly sentBytes: number;
      readonly receivedBytes: number;
      /** Which bound ended it. */
      readonly exceeded?: "bytes" | "idleMs" | undefined;
    });
