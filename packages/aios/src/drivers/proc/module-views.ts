import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * What a module needs to see of the machine, read-only: the package that it is part of (else its own folder), and the
 * `node_modules` of the folders above, with what is linked into those, where Node looks for its imports. Never a person's
 * home folder or the machine as a whole: there, its file alone.
 */
export function viewsOfModule(file: string): readonly string[] {
  const own = packageOf(file);
  const views = [own ?? file];
  for (let folder = own ?? dirname(file); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(modules)) views.push(modules, ...linkedInto(modules));
    if (folder === dirname(folder)) break;
  }
  return withoutInner(views);
}

/** The nearest folder with a package.json, or the file's own. */
function packageOf(file: string): string | undefined {
  for (let folder = dirname(file); !isWide(folder); folder = dirname(folder))
    if (existsSync(join(folder, "package.json"))) return folder;
  return isWide(dirname(file)) ? undefined : dirname(file);
}

/** Holds what is nobody's program. */
export function isWide(folder: string): boolean {
  return folder === dirname(folder) || `${homedir()}/`.startsWith(`${folder}/`) || folder === tmpdir();
}

/** Packages of a workspace, and what `npm link` has put there, lie elsewhere. */
function linkedInto(modules: string): readonly string[] {
  const folders = [modules, ...namesIn(modules).flatMap((name) => (name.startsWith("@") ? [join(modules, name)] : []))];
  return folders.flatMap((folder) =>
    namesIn(folder)
      .map((name) => join(folder, name))
      .filter((path) => lstatSync(path).isSymbolicLink() && existsSync(path))
      .map((path) => realpathSync(path))
      .filter((target) => !isWide(target)),
  );
}

const namesIn = (folder: string): readonly string[] => readdirSync(folder).filter((name) => !name.startsWith("."));

/** Each once, and none that another shows. */
export function withoutInner(paths: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].toSorted((a, b) => a.length - b.length))
    if (!kept.some((outer) => path.startsWith(`${outer}/`))) kept.push(path);
  return kept;
}
