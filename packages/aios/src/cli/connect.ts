import type { Transport } from "@aiosjs/sdk";
import type { Home } from "../config/open-home.ts";
import { CliError, unreachable } from "./cli-error.ts";
import { isAlive } from "./is-alive.ts";
import { commonText } from "./messages/common.ts";
import type { Lang } from "./text.ts";
import { translate } from "./text.ts";

/** A kernel that is there answers `/healthz` in a millisecond; one that is stuck must not hang the shell. */
const probeTimeoutMs = 5_000;

interface Door {
  readonly url: string;
  readonly key: string;
}

/**
 * Where the kernel is and the key to it: AIOS_URL and AIOS_KEY inside a process, else kernel.json and credentials of the home.
 * @throws CliError with exit 7 when no kernel answers, EAUTH when there is no key.
 */
export async function findDoor(home: Home, env: CommandEnv, lang: Lang): Promise<Door> {
  const kernel = home.kernelFile();
  const url = env["AIOS_URL"] || kernel?.url;
  if (!url)
    throw new CliError(unreachable, translate(lang, commonText.noKernel, { home: home.dir }), {
      hint: translate(lang, commonText.startOne),
      isRetryable: true,
    });
  await probe(url, { isOurs: !env["AIOS_URL"], pid: kernel?.pid, home, lang });
  const key = env["AIOS_KEY"] || (await (await import("../config/home.ts")).findRootKey(home.dir));
  if (!key)
    throw new CliError(["EAUTH", 4], translate(lang, commonText.noKey, { file: home.file("credentials") }), {
      hint: translate(lang, commonText.noKeyHint),
    });
  return { url, key };
}

export async function openTransport(door: Door): Promise<Transport> {
  const { createHttpTransport } = await import("@aiosjs/sdk");
  return createHttpTransport(door);
}

type CommandEnv = Readonly<Record<string, string | undefined>>;

async function probe(
  url: string,
  { isOurs, pid, home, lang }: { isOurs: boolean; pid: number | undefined; home: Home; lang: Lang },
): Promise<void> {
  try {
    const response = await fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(probeTimeoutMs) });
    await response.body?.cancel();
  } catch (cause) {
    const isGone = isOurs && (pid === undefined || !isAlive(pid));
    const hint = isGone
      ? translate(lang, commonText.startOne)
      : isOurs
        ? translate(lang, commonText.restartIt)
        : translate(lang, commonText.notNamedOne, { home: home.dir });
    throw new CliError(
      unreachable,
      isGone
        ? translate(lang, commonText.noKernel, { home: home.dir })
        : translate(lang, commonText.kernelSilent, { url }),
      { hint, cause, isRetryable: true },
    );
  }
}
