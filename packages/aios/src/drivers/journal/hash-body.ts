import { hash } from "node:crypto";

/** What a body is found by. 43 characters in place of 64 hexadecimal ones: hashes are most of an index page. */
export const hashOf = (body: string): string => hash("sha256", body, "base64url");

/** The hash of a conversation up to and with `message`. */
export const linkOf = (parent: string | null, message: string): string => hashOf(`${parent ?? ""}>${message}`);
