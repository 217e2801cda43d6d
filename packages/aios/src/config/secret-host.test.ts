import { expect, test } from "vitest";
import { readSecretHost } from "./secret-host.ts";

test("a host for a secret means TLS unless plain HTTP is written", () => {
  const full = {
    "api.example.com": "https://api.example.com:443",
    "https://API.example.com/": "https://api.example.com:443",
    "*.example.org:8443": "https://*.example.org:8443",
    "http://intranet.example": "http://intranet.example:80",
    "http://[2001:db8::1]:8080": "http://[2001:db8::1]:8080",
  };
  for (const [text, host] of Object.entries(full)) expect(readSecretHost(text), text).toBe(host);
  for (const text of ["", "*", "*:443", "https://", "ftp://x", "https://a/path", "a b", "user@host"])
    expect(() => readSecretHost(text), text).toThrow(/is no host/);
});
