import { readFileSync } from "node:fs";

/** For `api.test` and `other.test`, signed by itself: `openssl req -x509 -newkey ec … -subj /CN=api.test`. Opens nothing. */
const pem = readFileSync(new URL("./fixtures/api-test.pem", import.meta.url), "utf8");

export const tlsCertificate = { key: pem, cert: pem };
