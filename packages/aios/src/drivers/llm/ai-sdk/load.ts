import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import { findPackage } from "../../find-package.ts";
import type { Provider } from "./spec.ts";

interface Wanted {
  readonly core: string;
  readonly packageName: string;
  /** Where packages may be installed, the first that has it wins. The first folder is the home. */
  readonly folders: readonly string[];
}

export type ProviderModule = Readonly<Record<string, unknown>>;

/**
 * Imports a provider package from where its user installed it: the home, the working directory, beside this package.
 * `./file.mjs` is a file of the home.
 * @throws SysError EINVAL with the npm command where it is nowhere.
 */
export async function loadPackage({ core, packageName, folders }: Wanted): Promise<ProviderModule> {
  const path = /^\.{0,2}\//.test(packageName)
    ? resolve(folders[0] ?? ".", packageName)
    : findPackage(packageName, folders);
  if (path === undefined || !existsSync(path)) {
    throw new SysError("EINVAL", `core ${core} wants the package ${packageName}, which is not installed`, {
      hint: `npm install --prefix ${folders[0] ?? "."} ${packageName}`,
    });
  }
  try {
    return (await import(pathToFileURL(path).href)) as ProviderModule;
  } catch (cause) {
    throw new SysError("EINVAL", `core ${core}: ${packageName} cannot be loaded: ${(cause as Error).message}`, {
      cause,
      hint: `install it anew: npm install --prefix ${folders[0] ?? "."} ${packageName}`,
    });
  }
}

/**
 * The provider that a package makes of these options.
 * @throws SysError EINVAL where it is no AI SDK provider, makes several, or refuses the options.
 */
export function makeProvider(
  module: ProviderModule,
  {
    core,
    packageName,
    create,
    options,
  }: { core: string; packageName: string; create: readonly string[]; options: Readonly<Record<string, unknown>> },
): Provider {
  const name = create.find((each) => typeof module[each] === "function") ?? findCreator(module, core, packageName);
  try {
    return (module[name] as (options: object) => Provider)(options);
  } catch (cause) {
    throw new SysError(
      "EINVAL",
      `core ${core}: ${name} of ${packageName} refused its options: ${(cause as Error).message}`,
      {
        hint: `llms.cores: {name: ${core}, options: {…}} is what it gets`,
      },
    );
  }
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

function findCreator(module: ProviderModule, core: string, packageName: string): string {
  const names = Object.keys(module).filter((name) => /^create[A-Z]/.test(name) && typeof module[name] === "function");
  const wanted = plain(`create${packageName.split("/").at(-1) ?? ""}`);
  const found = names.find((name) => plain(name) === wanted) ?? (names.length === 1 ? names[0] : undefined);
  if (found !== undefined) return found;
  throw new SysError(
    "EINVAL",
    names.length === 0
      ? `core ${core}: ${packageName} is no AI SDK provider: it exports no createX function`
      : `core ${core}: ${packageName} makes several providers: ${names.join(", ")}`,
    { hint: names.length === 0 ? "name another package" : `say which: {create: ${names[0]}}` },
  );
}
