import type { CallId, FileStep } from "@aiosjs/sdk/protocol";
import { placeOf, shown } from "./file-path.ts";
import type { FileCall } from "./file-writing.ts";
import type { FileRow } from "./ports.ts";

/** Changes that are looked through: one call makes fewer. */
const MAX_ROWS = 100_000;

/**
 * The steps that take back what a step has done, from the rows that its call has written; none where it has changed nothing, or
 * what it did cannot be taken back.
 */
export async function undoOf({ call: name, args }: FileStep, by: CallId, call: FileCall): Promise<FileStep[]> {
  const target = name === "fs.move" || name === "fs.copy" ? args["to"] : args["path"];
  if (!changing.has(name) || typeof target !== "string") return [];
  const rows = await rowsOf(by, call);
  const { root, path } = placeOf(target, "write", call);
  const row = rows.find((one) => one.root === root && one.path === path);
  const made = rows.filter((one) => one.root === root && one.kind === "folder" && isOnTheWay(one.path, path));
  const folders = made.map((one) => removal(one, false));
  if (name === "fs.rollback" && row?.kind !== "file") return takenBack(target, rows, call);
  if (!row) return name === "fs.mkdir" ? folders : [];
  if (name === "fs.mkdir") return [removal(row, false), ...folders];
  if (name === "fs.copy" || name === "fs.restore") return [removal(row, row.kind === "folder"), ...folders];
  if (name === "fs.remove")
    return row.version > 1 ? [{ call: "fs.restore", args: { path: shown(row) }, ...harmless }] : [];
  if (name === "fs.move") {
    const from = shown(placeOf(args["from"] as string, "write", call));
    return [{ call: name, args: { from: shown(row), to: from }, ...harmless }, ...folders];
  }
  const before = await earlier(row, call);
  return before
    ? [{ call: "fs.rollback", args: { path: shown(row), version: before.version }, ...risky("overwrites") }]
    : [removal(row, false), ...folders];
}

const changing: ReadonlySet<FileStep["call"]> = new Set([
  "fs.write",
  "fs.append",
  "fs.mkdir",
  "fs.move",
  "fs.copy",
  "fs.remove",
  "fs.restore",
  "fs.rollback",
]);

const harmless = { risk: "changes", isUndoable: true, needsAsking: false } as const;
const risky = <Risk extends FileStep["risk"]>(risk: Risk) => ({ risk, isUndoable: true, needsAsking: true });

const removal = (row: FileRow, isRecursive: boolean): FileStep => ({
  call: "fs.remove",
  args: { path: shown(row), isRecursive },
  ...risky("removes"),
});

/** The innermost first. */
async function rowsOf(by: CallId, { record, parts }: FileCall): Promise<readonly FileRow[]> {
  const { tenant, pid } = record.process;
  const writtenBy = { pid, afterSeq: record.withinSeq - 1 };
  const rows = await parts.journal.fileVersions({ tenant, writtenBy, limit: MAX_ROWS });
  return rows.filter((row) => row.call === by);
}

const isOnTheWay = (folder: string, path: string): boolean => path.startsWith(`${folder}/`);

/** What stood there before; undefined where that was nothing. */
async function earlier(row: FileRow, { files }: FileCall): Promise<FileRow | undefined> {
  const before = await files.version(row, row.version - 1);
  return before?.kind === "file" ? before : undefined;
}

/** To the moment before it, unless others have changed something in that very moment. */
async function takenBack(path: string, rows: readonly FileRow[], call: FileCall): Promise<FileStep[]> {
  const first = rows.at(-1);
  if (!first) return [];
  const { tenant, root, path: within } = placeOf(path, "write", call);
  const beforeChange = first.change;
  const [last] = await call.parts.journal.fileVersions({ tenant, root, within, beforeChange, limit: 1 });
  if (last && last.atMs >= first.atMs) return [];
  return [
    {
      call: "fs.rollback",
      args: { path: shown({ root, path: within }), atMs: first.atMs - 1 },
      ...risky("overwrites"),
    },
  ];
}
