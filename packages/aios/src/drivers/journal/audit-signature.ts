import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What is signed: that the entry of this number in this home's log has this hash, and so all before it theirs. */
export interface Checkpoint {
  readonly home: string;
  readonly number: number;
  readonly hash: Uint8Array;
  /** Unix epoch milliseconds, whole. */
  readonly atMs: number;
}

export interface AuditSigner {
  /** Its public half: 32 bytes, hexadecimal. */
  readonly key: string;
  sign(checkpoint: Checkpoint): Uint8Array;
}

/** `pem`: an Ed25519 private key in PKCS #8. */
export function createAuditSigner(pem: string): AuditSigner {
  const privateKey = createPrivateKey(pem);
  return { key: publicKeyOf(pem), sign: (checkpoint) => sign(null, textOf(checkpoint), privateKey) };
}

/** The public half of a key in PEM, private or public: 32 bytes, hexadecimal. */
export function publicKeyOf(pem: string): string {
  const { x = "" } = createPublicKey(pem).export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("hex");
}

const known = new Map<string, KeyObject | undefined>();

/** `key` in hexadecimal; one that is none has signed nothing. */
export function isSignedBy(key: string, checkpoint: Checkpoint, signature: Uint8Array): boolean {
  if (!known.has(key)) known.set(key, keyObject(key));
  const object = known.get(key);
  return object !== undefined && verify(null, textOf(checkpoint), object, signature);
}

function keyObject(key: string): KeyObject | undefined {
  try {
    const x = Buffer.from(key, "hex").toString("base64url");
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  } catch {
    return undefined;
  }
}

const textOf = ({ home, number, hash, atMs }: Checkpoint): Buffer =>
  Buffer.from(`aios-audit-checkpoint-1\n${home}\n${number}\n${Buffer.from(hash).toString("hex")}\n${atMs}\n`);
