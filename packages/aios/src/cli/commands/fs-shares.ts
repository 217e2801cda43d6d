import { onFiles } from "../file-calls.ts";
import { momentText, nameText } from "../file-text.ts";
import { linkAddress } from "../link-address.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"fs shares">): Promise<void> {
  const { args, t, signal } = context;
  const { path } = args;
  const { shares } = await onFiles(context, (fs) => fs.shares(path === undefined ? {} : { path }, { signal }));
  const rows = await Promise.all(
    shares.map(async ({ link, ...share }) => ({ ...share, url: await linkAddress(link, context) })),
  );
  if (rows.length === 0) context.say(t(fsText.noShares));
  context.result(rows, () =>
    rows.length === 0
      ? ""
      : table(
          rows,
          [
            { title: t(fsText.shareId), rank: 0, text: ({ id }) => id },
            { title: t(fsText.until), rank: 1, text: ({ expiresAt }) => momentText(expiresAt) },
            {
              title: t(fsText.version),
              rank: 2,
              align: "right",
              text: (row) => (row.version === null ? t(fsText.anyVersion) : String(row.version)),
            },
            { title: t(fsText.sharedBy), rank: 3, text: ({ pid }) => pid },
            { title: t(fsText.path), rank: 0, least: 20, text: (row) => nameText(row.path) },
          ],
          context,
        ),
  );
}
