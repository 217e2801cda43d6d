import type { ResultOf } from "@aiosjs/sdk";
import { onFiles } from "../file-calls.ts";
import { nameText } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";
import { table } from "../table.ts";

type Usage = Omit<ResultOf<"fs.usage">["folders"][number], "maxBytes"> & {
  readonly maxBytes?: number | null;
  readonly maxFiles?: number;
  readonly maxKept?: number;
};

export async function run(context: ContextOf<"fs usage">): Promise<void> {
  const { options, t, signal } = context;
  const usage = await onFiles(context, (fs) => fs.usage({ limit: options.limit }, { signal }));
  const { tenant } = usage;
  const all: Usage[] = tenant
    ? [{ ...tenant, folder: t(fsText.allOfTenant), maxBytes: null, maxKept: tenant.maxBytes }]
    : [];
  const of = (held: string, most: number | null | undefined, text: (count: number) => string): string =>
    most === undefined || most === null ? held : `${held} / ${text(most)}`;
  const rows: Usage[] = [...usage.folders, ...all];
  context.result(usage, () =>
    table(
      rows,
      [
        { title: t(fsText.held), rank: 0, align: "right", text: (row) => of(`${row.files}`, row.maxFiles, String) },
        {
          title: t(fsText.size),
          rank: 1,
          align: "right",
          text: (row) => of(sizeText(row.bytes), row.maxBytes, sizeText),
        },
        {
          title: t(fsText.keptSize),
          rank: 0,
          align: "right",
          text: (row) => of(sizeText(row.keptBytes), row.maxKept, sizeText),
        },
        { title: t(fsText.path), rank: 0, least: 20, text: (row) => nameText(row.folder) },
      ],
      context,
    ),
  );
}
