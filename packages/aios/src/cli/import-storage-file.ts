import { openPredecessorStorage } from "../config/predecessor-storage.ts";
import { predecessorNames } from "../config/predecessor.ts";
import { pad, widthOf } from "../tui/width.ts";
import { configText } from "./messages/config.ts";
import type { ContextOf } from "./registry.ts";

/** Rows and columns told one by one. */
const SHOWN = 20;

/** Takes the rows of a predecessor's database over into the running kernel, where a StorageManager finds them. */
export async function importStorageFile(
  path: string,
  { isDryRun }: { isDryRun: boolean },
  { client, result, t, paint }: ContextOf<"config import">,
): Promise<void> {
  using storage = await openPredecessorStorage(path);
  const { importStorage } = await import("@aiosjs/sdk/compat");
  const { tables, unmapped: lost } = await importStorage(await client(), storage.tables, { isDryRun });
  const others = storage.otherTables.map((table) => ({ where: table, reason: "the table is not part of its storage" }));
  const unmapped = [...others, ...lost];
  const data = { from: "taiji" as const, tables, unmapped, isWritten: !isDryRun };
  const shown = unmapped.slice(0, SHOWN);
  const rows = isDryRun ? configText.storageDryRows : configText.storageRows;
  const nameWidth = Math.max(...tables.map(({ table }) => widthOf(table)));
  const whereWidth = Math.max(0, ...shown.map(({ where }) => widthOf(where)));
  result(data, () =>
    [
      t(configText.storageFrom, { path, system: predecessorNames.taiji }),
      "",
      ...tables.map(({ table, ...counts }) => `  ${pad(table, nameWidth)}  ${t(rows, counts)}`),
      ...(shown.length === 0 ? [] : ["", paint.strong(t(configText.unmapped))]),
      ...shown.map(({ where, reason }) => `  ${pad(where, whereWidth)}  ${paint.dim(reason)}`),
      ...(unmapped.length > SHOWN ? [`  ${t(configText.storageMore, { count: unmapped.length - SHOWN })}`] : []),
    ].join("\n"),
  );
}
