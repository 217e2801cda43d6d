import type { FileVersion } from "@aiosjs/sdk/protocol";
import type { CommandContext } from "./context.ts";
import { changeText, momentText, nameText, sizeOf } from "./file-text.ts";
import { fsText } from "./messages/fs.ts";
import { table } from "./table.ts";

/** Whether all of it is of one file. */
export const isOneFile = (versions: readonly FileVersion[]): boolean =>
  versions.every((version) => version.path === versions[0]?.path && version.kind !== "folder");

/** Who changed what, and when. */
export function historyTable(
  versions: readonly FileVersion[],
  context: Pick<CommandContext, "t" | "paint" | "width">,
): string {
  const { t, paint } = context;
  const paths = {
    title: t(fsText.path),
    rank: 0,
    least: 20,
    text: (version: FileVersion) => nameText(version.path),
  };
  return table(
    versions,
    [
      { title: t(fsText.version), rank: 1, align: "right", text: ({ version }) => String(version) },
      { title: t(fsText.when), rank: 1, text: ({ at }) => momentText(at) },
      { title: t(fsText.size), rank: 3, align: "right", text: sizeOf },
      { title: t(fsText.by), rank: 4, text: ({ pid }) => pid ?? "–" },
      {
        title: t(fsText.what),
        rank: 2,
        least: 12,
        text: (version) => changeText(version, context),
        paint: (text, { kind, from }) => (kind === "gone" ? paint.bad(text) : from === null ? text : paint.busy(text)),
      },
      ...(isOneFile(versions) ? [] : [paths]),
    ],
    context,
  );
}
