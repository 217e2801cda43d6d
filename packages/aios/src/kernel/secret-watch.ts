import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { SecretMatcher } from "./secret-matcher.ts";
import type { KnownSecret, KnownSecrets, TextRedactor } from "./secret-port.ts";

/** Keeps the values of known secrets out of prompts, arguments, logs and stored copies. */
export interface SecretWatch {
  /**
   * For arguments, before they are recorded: they are never rewritten, what a caller said is what happens.
   * @throws SysError EPOLICY naming the secret, where a value stands anywhere in them, in whatever form.
   */
  refuse(tenant: TenantId, call: string, args: unknown): void;
  /** For results, and stored copies of them: the same value with a secret's name in its place; itself where there is none. */
  redact<Value>(tenant: TenantId, value: Value): Value;
  /** For what is printed in pieces. Default: all tenants' secrets, for what only the owner of the home reads. */
  redactor(tenant?: TenantId): TextRedactor;
}

/** Matchers are made when the known secrets change, not for each call. */
export function createSecretWatch(known: KnownSecrets): SecretWatch {
  const made = new WeakMap<readonly KnownSecret[], SecretMatcher>();
  const matcherOf = (secrets: readonly KnownSecret[]): SecretMatcher => {
    const matcher = made.get(secrets) ?? new SecretMatcher(secrets);
    made.set(secrets, matcher);
    return matcher;
  };
  return {
    refuse(tenant, call, args) {
      const secrets = known.of(tenant);
      if (secrets.length === 0) return;
      const name = nameIn(args, matcherOf(secrets));
      if (name === undefined) return;
      throw new SysError("EPOLICY", `the arguments of ${call} hold the value of ${name}`, {
        hint: name.startsWith("secret://")
          ? `write ${name} in its place: the value is put in on the way to the hosts that it is for, and nowhere else`
          : "take it out: keys are for the kernel's own drivers, never for a model or a tool",
      });
    },
    redact(tenant, value) {
      const secrets = known.of(tenant);
      return secrets.length === 0 ? value : (redacted(value, matcherOf(secrets)) as typeof value);
    },
    redactor(tenant) {
      // Asked for anew with each piece: a secret that is set while a process runs is one from then on.
      let matcher: SecretMatcher | undefined;
      let redactor: TextRedactor | undefined;
      return {
        push(text) {
          const now = matcherOf(tenant === undefined ? known.all() : known.of(tenant));
          const held = now === matcher ? "" : (redactor?.rest() ?? "");
          if (now !== matcher) redactor = now.redactor();
          matcher = now;
          return redactor!.push(held + text);
        },
        rest: () => redactor?.rest() ?? "",
      };
    },
  };
}

/** Walks without recursion: arguments may be nested as deep as JSON allows. Names of members count too. */
function nameIn(value: unknown, matcher: SecretMatcher): string | undefined {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === "string") {
      const name = matcher.nameIn(one);
      if (name !== undefined) return name;
    } else if (Array.isArray(one)) for (const item of one as readonly unknown[]) left.push(item);
    else if (typeof one === "object" && one !== null && !ArrayBuffer.isView(one))
      for (const [member, held] of Object.entries(one)) left.push(member, held);
  }
  return undefined;
}

/** Copies only what changes. Bytes are left as they are. */
function redacted(value: unknown, matcher: SecretMatcher): unknown {
  if (typeof value === "string") return matcher.redact(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = (value as readonly unknown[]).map((item) => redacted(item, matcher));
    return items.some((item, index) => item !== (value as readonly unknown[])[index]) ? items : value;
  }
  let isChanged = false;
  const members = Object.entries(value).map(([name, held]) => {
    const member = [matcher.redact(name), redacted(held, matcher)] as const;
    isChanged ||= member[0] !== name || member[1] !== held;
    return member;
  });
  return isChanged ? Object.fromEntries(members) : value;
}
