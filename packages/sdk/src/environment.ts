import { SysError } from "./errors.ts";
import { createHttpTransport } from "./http-transport.ts";
import type { Transport } from "./transport.ts";

/**
 * The kernel that started this program: `aios run -- …` sets `AIOS_URL` and `AIOS_KEY`.
 * @throws SysError ENODEV when they are not set, as in a browser.
 */
export function transportFromEnvironment(): Transport {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const { AIOS_URL: url, AIOS_KEY: key } = process?.env ?? {};
  if (!url || !key)
    throw new SysError("ENODEV", "this program does not know its kernel: AIOS_URL and AIOS_KEY are not set", {
      hint: "Start it by `aios run -- …`, or pass createHttpTransport({ url, key }) as transport.",
    });
  return createHttpTransport({ url, key });
}
