import { statSync } from "node:fs";
import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { findRootKey } from "./config/home.ts";
import { providerVariables } from "./config/providers.ts";
import type { Config } from "./config/schema.ts";
import { findSecret, readSecrets, secretsFolder } from "./config/secret-store.ts";
import type { StoredSecret } from "./config/secret-store.ts";
import { readStoredEnv, resolveSecret } from "./config/secrets.ts";
import type { FindSecret } from "./drivers/egress/secret-references.ts";
import { matchesName } from "./kernel/gate/name-pattern.ts";
import type { KnownSecret, KnownSecrets } from "./kernel/ports.ts";
import { looksLikeKey } from "./kernel/secret-forms.ts";
import { createSecretWatch } from "./kernel/secret-watch.ts";
import type { SecretWatch } from "./kernel/secret-watch.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What is secret in a home: what people keep there for agents, and the keys of the system itself. */
export interface HomeSecrets {
  readonly watch: SecretWatch;
  /**
   * Reads the system's keys anew, as the configuration names them now. What people keep is always read as it is.
   * @throws SysError EINVAL for a file that is damaged, EACCES.
   */
  refresh(config: Config | undefined): Promise<void>;
}

/** A folder that was changed this recently may be changed again within the same tick of its file system's clock. */
const SETTLED_MS = 50;
/** The command that sets a secret takes longer to end: who waits for it never finds the state before. */
const LOOK_EVERY_MS = 1;

/** Who cannot read what is secret lets nothing pass: each use throws SysError EINVAL or EACCES naming the file. */
export function openHomeSecrets({ home, env }: { home: string; env: () => Env }): HomeSecrets {
  let system: readonly KnownSecret[] = [];
  const known = watchFolder(home, () => system);
  return {
    watch: createSecretWatch(known),
    async refresh(config) {
      system = await systemKeys({ home, env: env(), config });
      // What cannot be read is told now, not by each call.
      known.all();
    },
  };
}

function watchFolder(home: string, system: () => readonly KnownSecret[]): KnownSecrets {
  const folder = secretsFolder(home);
  /** When the folder was changed that was read last. */
  let readAt: bigint | "none" | "just now" = "none";
  let kept: readonly StoredSecret[] = [];
  let made = new Map<TenantId | undefined, { of: readonly KnownSecret[]; secrets: readonly KnownSecret[] }>();
  let lookedAtMs = -Infinity;

  /** A look at the folder costs 2 to 5 µs; the files in it are read when it has changed. */
  const look = (): void => {
    const nowMs = performance.now();
    if (nowMs - lookedAtMs < LOOK_EVERY_MS) return;
    const changedAt = statSync(folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? "none";
    if (changedAt === readAt) {
      lookedAtMs = nowMs;
      return;
    }
    const now = readSecrets(home);
    if (JSON.stringify(now) !== JSON.stringify(kept)) [kept, made] = [now, new Map()];
    const isSettled = changedAt === "none" || Date.now() - Number(changedAt / 1_000_000n) > SETTLED_MS;
    readAt = isSettled ? changedAt : "just now";
    lookedAtMs = nowMs;
  };

  const secretsOf = (tenant: TenantId | undefined): readonly KnownSecret[] => {
    look();
    const own = system();
    const there = made.get(tenant);
    if (there?.of === own) return there.secrets;
    const theirs = kept.filter((secret) => tenant === undefined || secret.tenant === tenant);
    const secrets = [...theirs.map(({ name, value }) => ({ name: `secret://${name}`, value })), ...own];
    made.set(tenant, { of: own, secrets });
    return secrets;
  };
  return { of: secretsOf, all: () => secretsOf(undefined) };
}

/** The home's own key, what `aios env` keeps, providers' variables, and whatever else the configuration refers to. */
async function systemKeys(from: { home: string; env: Env; config: Config | undefined }): Promise<KnownSecret[]> {
  const { home, env, config } = from;
  const known = new Map(providerVariables.map((variable) => [variable.name, variable]));
  const stored = Object.entries(readStoredEnv(home))
    .filter(([name, value]) => !known.has(name) && !looksLikePath.test(value))
    .map(([name]) => name);
  const own = [...known.values()].filter(({ isSecret }) => isSecret).map(({ name }) => name);
  const named = JSON.stringify(config ?? {}).match(/(?<=")(env|file):[^"]+(?=")/g) ?? [];
  const references = new Set([...[...own, ...stored].map((name) => `env:${name}`), ...named]);
  const values = [...references].map(async (name) => ({
    name,
    // One that leads nowhere is told by who needs it.
    value: await resolveSecret(name, { env, what: "the watch over secrets" }).catch(() => ""),
  }));
  const root = { name: "credentials", value: (await findRootKey(home)) ?? "" };
  const found = [root, ...(await Promise.all(values))];
  return found.filter(({ value }) => looksLikeKey(value) && !plainAddress.test(value));
}

/** People keep places beside keys: these stand in innocent prompts. */
const looksLikePath = /^(\/|~\/|\.{1,2}\/|[a-z]:\\)/i;
/** Without a password in it. */
const plainAddress = /^[a-z][a-z0-9+.-]*:\/\/[^@]*$/i;

/**
 * The secrets that a process may name in requests.
 * @param granted `secrets` of its agent in the policy: names and patterns.
 */
export const secretsFor =
  (home: string, { tenant, granted }: { tenant: TenantId; granted: readonly string[] }): FindSecret =>
  (name) => {
    if (!granted.some((pattern) => matchesName(pattern, name)))
      return Promise.reject(
        new SysError("EPOLICY", `secret://${name} is not given to this process`, {
          hint: `a person can give it: "${name}" in secrets of this agent, in policy.yaml`,
        }),
      );
    const secret = findSecret(home, { tenant: asTenantId(tenant), name });
    if (secret) return Promise.resolve(secret);
    return Promise.reject(
      new SysError("ENOENT", `there is no secret://${name}`, { hint: `aios secret set ${name} --host HOST` }),
    );
  };
