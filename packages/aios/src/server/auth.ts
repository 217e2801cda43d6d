import { SysError } from "@aiosjs/sdk/protocol";
import type { IncomingHttpHeaders } from "node:http";
import { requireHome } from "../kernel/ports.ts";
import type { Kernel, Principal } from "../kernel/ports.ts";

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** The key of a request: `Authorization: Bearer` as OpenAI's clients send it, `x-api-key` as Anthropic's do. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  return one(headers["x-api-key"]);
}

/** @throws SysError EAUTH */
export function authenticate(kernel: Kernel, headers: IncomingHttpHeaders): Principal {
  const token = tokenOf(headers);
  if (token === undefined || token === "")
    throw new SysError("EAUTH", "the request carries no key", {
      hint: "send `Authorization: Bearer aios_sk_…` (or `x-api-key`); `aios key new` makes one",
    });
  return kernel.authenticate(token);
}

/**
 * For what is no syscall but shows the whole kernel: keys of the home's own tenant.
 * @throws SysError EACCES
 */
export function requireScope(principal: Principal, name: string): void {
  requireHome(principal, name);
  const device = `${name.slice(0, name.indexOf("."))}.*`;
  if (principal.scopes.some((scope) => scope === "*" || scope === device || scope === name)) return;
  throw new SysError("EACCES", `the key ${principal.key} has no scope for ${name}`, {
    hint: `make a key that has it: aios key new --scopes ${name}`,
  });
}
