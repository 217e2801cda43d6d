import { createHmac, timingSafeEqual } from "node:crypto";
import type { Seal } from "../../kernel/ports.ts";

/** HMAC-SHA-256 in base64url, with a secret that does not leave this function. */
export function createSeal(secret: Uint8Array): Seal {
  const sign = (text: string): string => createHmac("sha256", secret).update(text).digest("base64url");
  return {
    sign,
    isSignedBy(text, signature) {
      // As texts: two texts may be the same bytes, and only one of them is the signature.
      const [wanted, told] = [Buffer.from(sign(text)), Buffer.from(signature)];
      return wanted.byteLength === told.byteLength && timingSafeEqual(wanted, told);
    },
  };
}
