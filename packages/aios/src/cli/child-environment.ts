/** What the door of the kernel is, for the programs that a process runs. */
interface ProcessIdentity {
  readonly url: string;
  readonly key: string;
  readonly pid: string;
}

/** Names whose values open somebody's account: keys, tokens, secrets, passwords, and what cloud SDKs read. */
const secretNames = [
  /(^|_)API_?KEYS?(_|$)/,
  /(^|_)(ACCESS|SECRET|PRIVATE|AUTH|SERVICE|SIGNING|ENCRYPTION)_?KEY(_|$)/,
  /_KEYS?$/,
  /(TOKEN|PASSWORD|PASSWD|PASSPHRASE)(_?\d+)?$/,
  /(^|_)(PAT|CREDENTIALS?|JWT|DSN|COOKIE|AUTH|AUTH_CONFIG|CONNECTION_STRING|WEBHOOK(_URL)?)$/,
  /(^|_)SECRETS?(_|$)/,
  /_PWD$/,
  /^(AWS|AZURE|ARM|GOOGLE|GCLOUD|GCP|CLOUDSDK|ALIBABA_CLOUD|TENCENTCLOUD|OCI|IBMCLOUD)_/,
];
/** An address with a password in it, whatever its name is: those of databases, queues and caches. */
const passwordInAddress = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
/** Without it nothing of the command reaches the network where there is a proxy. */
const proxyName = /_PROXY$/;
/** Under these prefixes some names are harmless and wanted. */
const harmlessNames = /^(AWS_(DEFAULT_)?REGION|AWS_PAGER|GOOGLE_CLOUD_PROJECT)$|_(CA_BUNDLE|CA_CERTS?_FILE)$/;
/** Where the official clients would go instead of the kernel. Replaced, or removed where the child gets none. */
const upstreamNames =
  /^(OPENAI|ANTHROPIC)_(BASE_URL|API_BASE|ORG_ID|ORGANIZATION|PROJECT_ID|CUSTOM_HEADERS|BEDROCK_BASE_URL)$/;

/** The caller's own identity: replaced by the command's. AIOS_HOME and AIOS_LANG stay. */
const ownNames = new Set(["AIOS_URL", "AIOS_KEY", "AIOS_PID"]);

export const isSecretName = (name: string): boolean => {
  const upper = name.toUpperCase();
  return !harmlessNames.test(upper) && secretNames.some((pattern) => pattern.test(upper));
};

const isHidden = (name: string, value: string): boolean => {
  const upper = name.toUpperCase();
  const holdsPassword = !proxyName.test(upper) && passwordInAddress.test(value);
  return isSecretName(name) || holdsPassword || upstreamNames.test(upper) || ownNames.has(name);
};

/** Names of the user's environment that a command does not see: what it had to miss can be told. */
export const hiddenNames = (own: Readonly<Record<string, string | undefined>>, allowed: readonly string[]): string[] =>
  Object.entries(own)
    .filter(([name, value = ""]) => !ownNames.has(name) && isHidden(name, value) && !allowed.includes(name))
    .map(([name]) => name);

/**
 * The environment of a command: the user's own without whatever looks like a secret or leads past the kernel, plus the
 * kernel's door under every name the official clients read. `allowed` names pass unfiltered, except the door's own.
 */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  { url, key, pid }: ProcessIdentity,
  allowed: readonly string[] = [],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (!isHidden(name, value) || allowed.includes(name)) environment[name] = value;
  }
  return { ...environment, ...doorEnvironment({ url, key, pid }) };
}

/** What a program in a sandbox may know of its user: how they read, and what their terminal can. */
const plainNames = /^(LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|COLUMNS|LINES)$/;

/** The environment of a command in a sandbox: nothing but that, the kernel's door, and what is `allowed` by name. */
export function jailedEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  door: ProcessIdentity,
  allowed: readonly string[] = [],
): Record<string, string> {
  const seen = Object.entries(own).filter(([name]) => plainNames.test(name) || allowed.includes(name));
  return { ...(Object.fromEntries(seen) as Record<string, string>), ...doorEnvironment(door) };
}

/** The kernel's door, and the key to it, under every name that clients read. */
export function doorEnvironment({ url, key, pid }: ProcessIdentity): Record<string, string> {
  const base = url.replace(/\/+$/, "");
  return {
    AIOS_URL: base,
    AIOS_KEY: key,
    AIOS_PID: pid,
    OPENAI_BASE_URL: `${base}/v1`,
    OPENAI_API_BASE: `${base}/v1`,
    OPENAI_API_KEY: key,
    ANTHROPIC_BASE_URL: base,
    ANTHROPIC_AUTH_TOKEN: key,
    ANTHROPIC_API_KEY: key,
  };
}
