import type { FileVersion } from "@aiosjs/sdk/protocol";
import { diffOf } from "../../files/diff.ts";
import { CliError, notFound } from "../cli-error.ts";
import { diffText } from "../diff-text.ts";
import { lookFor, onFiles } from "../file-calls.ts";
import { nameText, textIn } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";

type Context = ContextOf<"fs diff">;

export async function run(context: Context): Promise<void> {
  const { t, paint } = context;
  const [from, to] = await versionsOf(context);
  const name = ({ path, version }: FileVersion): string => `${nameText(path)}@${version}`;
  const names = { from: name(from), to: name(to) };
  const [before, after] = await Promise.all([textOf(from, context), textOf(to, context)]);
  if (before === undefined || after === undefined) {
    const line = (version: FileVersion): string =>
      `${name(version)}  ${sizeText(version.sizeBytes)}  SHA-256 ${version.hash ?? "–"}`;
    const isSame = from.hash === to.hash;
    context.result({ from, to, isBinary: true, isSame, hunks: null }, () => [from, to].map(line).join("\n"));
    context.say(t(isSame ? fsText.diffSame : fsText.diffBinary, names));
    return;
  }
  const hunks = diffOf(before, after);
  context.result({ from, to, isBinary: false, isSame: hunks.length === 0, hunks }, () =>
    hunks.length === 0 ? "" : diffText(hunks, { ...names, paint }),
  );
  if (hunks.length === 0) context.say(t(fsText.diffSame, names));
}

/** The two that are compared: of the last change, where nothing else is said. @throws CliError where there is no such one */
async function versionsOf(context: Context): Promise<[from: FileVersion, to: FileVersion]> {
  const { args, options, t } = context;
  const { path } = args;
  const last = await versionAt(undefined, context);
  if (last?.kind === "folder")
    throw new CliError(["EINVAL", 2], t(fsText.diffFolder, { path }), { hint: t(fsText.diffFolderHint, { path }) });
  const to = options.to === undefined ? last : await versionAt(options.to, context);
  const wanted = options.from ?? (to?.version ?? 1) - 1;
  const from = wanted === 0 && to ? { ...to, version: 0, ...none } : await versionAt(wanted, context);
  if (from && to) return [from, to];
  const version = (to ? wanted : options.to) ?? 0;
  throw new CliError(notFound, t(fsText.noVersion, { path, version }), { hint: t(fsText.noVersionHint, { path }) });
}

const none = { kind: "gone", sizeBytes: 0, hash: null } as const;

async function versionAt(version: number | undefined, context: Context): Promise<FileVersion | undefined> {
  const { path } = context.args;
  const page = { path, limit: 1, ...(version !== undefined && { beforeVersion: version + 1 }) };
  const ask = { signal: context.signal };
  const { versions } = await onFiles(context, (fs) => fs.history(page, ask), lookFor(path, context));
  return version === undefined || versions[0]?.version === version ? versions[0] : undefined;
}

/** Of what is not there, nothing; undefined where it is no text. */
async function textOf({ path, kind, version }: FileVersion, context: Context): Promise<string | undefined> {
  if (kind === "gone") return "";
  const which = { path, version, encoding: "base64" } as const;
  const { content } = await onFiles(context, (fs) => fs.read(which, { signal: context.signal }));
  return textIn(Buffer.from(content, "base64"));
}
