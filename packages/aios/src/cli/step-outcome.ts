import type { ResultOf, SyscallName } from "@aiosjs/sdk";
import type { FileStep, FileVersion } from "@aiosjs/sdk/protocol";
import type { Step } from "../files/plan/steps.ts";
import type { CommandContext } from "./context.ts";
import { diffText } from "./diff-text.ts";
import { momentText, nameText, printable } from "./file-text.ts";
import { foundText, saidOfFound } from "./found-text.ts";
import { historyTable } from "./history-table.ts";
import { linkAddress } from "./link-address.ts";
import { fsText } from "./messages/fs.ts";
import { doText } from "./messages/plan.ts";
import { sizeText } from "./size-text.ts";

type Context = Pick<CommandContext, "t" | "paint" | "width" | "door">;

/** What a step has done, for people: `text` is what was asked for, `said` beside it. */
interface Told {
  readonly said: readonly string[];
  readonly text: string;
}

const said = (...lines: string[]): Told => ({ said: lines, text: "" });
const shown = (text: string): Told => ({ said: [], text });

/** Of a step of fs.do, with what its syscall answered. */
export async function outcomeOf({ call, args }: Step, answered: unknown, context: Context): Promise<Told> {
  const { t, width } = context;
  const as = <Name extends SyscallName>(_name: Name): ResultOf<Name> => answered as ResultOf<Name>;
  switch (call) {
    case "fs.read": {
      const { content } = as(call);
      return shown(Number.isFinite(width) ? printable(content) : content);
    }
    case "fs.list": {
      const { entries } = as(call);
      const { path } = args;
      const none = args.isRemoved ? fsText.noneRemoved : fsText.emptyFolder;
      return entries.length === 0
        ? said(t(none, { path }))
        : shown(entries.map(({ name, kind }) => nameText(name) + (kind === "folder" ? "/" : "")).join("\n"));
    }
    case "fs.search":
      return { said: saidOfFound(as(call), context), text: foundText(as(call), context) };
    case "fs.history":
      return shown(historyTable(as(call).versions, context));
    case "fs.diff":
      return diffIn(as(call), context);
    case "fs.write":
    case "fs.append":
      return said(t(fsText.wrote, { ...as(call), size: sizeText(as(call).sizeBytes) }));
    case "fs.mkdir":
      return said(t(as(call).made ? fsText.made : fsText.wasThere, as(call)));
    case "fs.move":
      return said(t(fsText.moved, { to: args.to, count: as(call).moved }));
    case "fs.copy":
      return said(t(fsText.copied, { to: args.to, count: as(call).copied }));
    case "fs.remove":
      return said(t(doText.removed, { path: args.path, count: as(call).removed }));
    case "fs.restore":
      return said(t(fsText.restored, { path: args.path, count: as(call).restored }));
    case "fs.rollback":
      return said(backText(args.path, as(call), context));
    case "fs.share": {
      const { path, expiresAt: until, id, link } = as(call);
      const text = await linkAddress(link, context);
      return { said: [t(fsText.shared, { path, until: momentText(until), id })], text };
    }
    case "fs.unshare":
      return said(t(fsText.unshared, { what: args.path, count: as(call).ended }));
    case "fs.mount":
      return said(t(doText.mounted, as(call)));
  }
}

function backText(path: string, { changed, version }: ResultOf<"fs.rollback">, { t }: Pick<Context, "t">): string {
  if (changed === 0) return t(fsText.backSame, { path });
  return version === null ? t(doText.back, { path, count: changed }) : t(fsText.backNew, { path, version });
}

function diffIn({ from, to, isText, isSame, hunks }: ResultOf<"fs.diff">, { t, paint }: Context): Told {
  const name = ({ path, version }: FileVersion): string => `${nameText(path)}@${version}`;
  const names = { from: name(from), to: name(to) };
  if (!isText) return said(t(isSame ? fsText.diffSame : fsText.diffBinary, names));
  return hunks.length === 0 ? said(t(fsText.diffSame, names)) : shown(diffText(hunks, { ...names, paint }));
}

/** What is typed to take a step; of those that take something back. */
export function commandOf({ call, args }: FileStep): string {
  const path = typed(args["path"]);
  if (call === "fs.move") return `aios fs mv ${typed(args["from"])} ${typed(args["to"])}`;
  if (call === "fs.restore") return `aios fs restore ${path}`;
  if (call === "fs.remove") return `aios fs rm ${args["isRecursive"] === true ? "-r " : ""}${path}`;
  const { version, atMs } = args;
  return typeof atMs === "number"
    ? `aios fs rollback ${path} --to-time ${new Date(atMs).toISOString()}`
    : `aios fs rollback ${path} --to-version ${Number(version)}`;
}

/** As one word of a shell. */
function typed(path: unknown): string {
  const text = nameText(String(path));
  return /^[\p{L}\p{N}/._@%+=:,-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
